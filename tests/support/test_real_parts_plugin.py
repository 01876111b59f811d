"""A missing real part must be loud, and in CI fatal."""

from pathlib import Path

import pytest

from tests.support import real_parts

PLUGIN = ("-p", "tests.support.real_parts_plugin", "-p", "no:cloudcoil")
"""As in pyproject.toml, which a run within a test does not read."""

NEEDS_A_PART = """
    import pytest

    @pytest.mark.real("promtool")
    def test_of_rules():
        pass

    def test_of_nothing_real():
        pass
"""


@pytest.fixture(autouse=True)
def _no_part_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANTAU_REQUIRE_ALL", raising=False)


@pytest.fixture
def promtool_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_parts, "find", lambda _part: real_parts.Missing("lost at sea"))


@pytest.fixture
def promtool_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_parts, "find", lambda _part: real_parts.Found(("promtool",)))


@pytest.mark.usefixtures("promtool_is_missing")
def test_a_missing_part_skips_and_is_listed_at_the_end(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(NEEDS_A_PART)
    run = pytester.runpytest_inprocess(*PLUGIN)
    run.assert_outcomes(passed=1, skipped=1)
    run.stdout.fnmatch_lines(
        [
            "*! NOT TESTED !*",
            "NOT TESTED: part promtool missing: lost at sea",
            "*::test_of_rules",
        ]
    )


@pytest.mark.usefixtures("promtool_is_missing")
def test_a_missing_part_fails_where_all_are_required(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTAU_REQUIRE_ALL", "1")
    pytester.makepyfile(NEEDS_A_PART)
    run = pytester.runpytest_inprocess(*PLUGIN)
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["*PANTAU_REQUIRE_ALL is set, and part promtool missing*"])


@pytest.mark.usefixtures("promtool_is_here")
def test_with_its_part_a_test_runs_and_nothing_is_said(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(NEEDS_A_PART)
    run = pytester.runpytest_inprocess(*PLUGIN)
    run.assert_outcomes(passed=2)
    run.stdout.no_fnmatch_line("*NOT TESTED*")


@pytest.mark.parametrize("mark", ['@pytest.mark.real("promtol")', "@pytest.mark.real"])
def test_a_mark_that_names_no_known_part_is_an_error(pytester: pytest.Pytester, mark: str) -> None:
    pytester.makepyfile(NEEDS_A_PART.replace('@pytest.mark.real("promtool")', mark))
    assert pytester.runpytest_inprocess(*PLUGIN).ret == pytest.ExitCode.USAGE_ERROR


def test_an_old_nats_server_counts_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.9.10\n")
    old.chmod(0o755)
    monkeypatch.setenv("PANTAU_NATS_SERVER", str(old))
    found = real_parts.FINDERS["nats-server"]()
    assert isinstance(found, real_parts.Missing)
    assert "2.9.10" in found.why


def test_asking_for_a_missing_part_says_which_mark_was_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(real_parts, "find", lambda _part: real_parts.Missing("lost at sea"))
    with pytest.raises(LookupError, match="real"):
        real_parts.command_of("promtool")
