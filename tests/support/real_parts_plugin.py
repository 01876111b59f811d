"""Keeps tests of real programs from vanishing quietly.

A test marked ``@pytest.mark.real(PART, ...)`` whose part is missing is skipped, and the end of the
run says in a section of its own what went untested. With ``PANTAU_REQUIRE_ALL=1``, as in CI, it
fails instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support import real_parts

_UNTESTED = pytest.StashKey[dict[str, list[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_UNTESTED] = {}
    config.addinivalue_line(
        "markers",
        "real(part, ...): needs real programs, by their names in tests/support/real_parts.py",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for part in _parts(item):
            if part not in real_parts.FINDERS:
                known = ", ".join(sorted(real_parts.FINDERS))
                raise pytest.UsageError(f"{item.nodeid}: no real part {part!r}; there are {known}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = {
        part: found.why
        for part in _parts(item)
        if isinstance(found := real_parts.find(part), real_parts.Missing)
    }
    if not missing:
        return
    for part in missing:
        item.config.stash[_UNTESTED].setdefault(part, []).append(item.nodeid)
    reason = "; ".join(f"part {part} missing: {why}" for part, why in missing.items())
    if os.environ.get("PANTAU_REQUIRE_ALL") == "1":
        pytest.fail(f"PANTAU_REQUIRE_ALL is set, and {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    untested = config.stash[_UNTESTED]
    if not untested:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for part, tests in sorted(untested.items()):
        found = real_parts.find(part)
        why = found.why if isinstance(found, real_parts.Missing) else ""
        terminalreporter.line(f"NOT TESTED: part {part} missing: {why}", red=True)
        for test in tests:
            terminalreporter.line(f"    {test}")


def _parts(item: pytest.Item) -> Iterator[str]:
    """The parts that a test needs, by all its marks."""
    for mark in item.iter_markers("real"):
        if not mark.args:
            raise pytest.UsageError(f"{item.nodeid}: the mark `real` names its parts")
        yield from map(str, mark.args)
