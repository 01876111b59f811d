"""What people write is read as they mean it, and every mistake is told with its line."""

from pathlib import Path
from textwrap import dedent

import pytest

from agent.config.yaml_source import MAX_BYTES, Source, examine, examine_text, read_yaml
from agent.ports import ConfigurationError

FILE = Path("nation.yaml")
CANARY = "kenari-9d1f"


def read(text: str, **environ: str) -> Source:
    return examine_text(dedent(text), FILE, environ=environ or None)


def told(source: Source) -> list[str]:
    return [str(each) for each in source.mistakes]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2019-06-16", "2019-06-16"),
        (".inf", ".inf"),
        ("0+06:00", "0+06:00"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("9" * 100, "9" * 100),
        ("true", True),
        ("false", False),
        ("null", None),
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        ("1e3", 1000.0),
    ],
)
def test_only_plain_numbers_and_true_false_null_are_more_than_text(written: str, meant: object):
    value = read(f"key: {written}").value["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_sequences_become_tuples_and_nesting_is_kept():
    assert read("a: [1, {b: [two]}]").value == {"a": (1, {"b": ("two",)})}


def test_every_value_has_its_line_and_a_missing_one_that_of_its_nearest_ancestor():
    source = read(
        """\
        roster:
          - {id: jember,
             zone: Asia/Jakarta}
          - id: malang
        """
    )
    lines = source.lines
    assert lines.line(("roster",)) == 1
    assert lines.line(("roster", 0, "id")) == 2
    assert lines.line(("roster", 0, "zone")) == 3
    assert lines.line(("roster", 1, "zone")) == 4
    assert lines.line(("elsewhere", 7)) == 1


def test_all_mistakes_are_told_at_once_with_file_and_line():
    source = read(
        """\
        a: &anchor 1
        b: *anchor
        c: !!python/object:os.system x
        a: 2
        """
    )
    assert told(source) == [
        "nation.yaml:1: an anchor (&name); remove it, values are not shared",
        "nation.yaml:2: an alias (*name); write the value itself",
        "nation.yaml:3: a tag (!name); remove it, the type is known without it",
        'nation.yaml:4: "a" stands here and in line 1; keep one of them',
    ]
    assert source.value["a"] == 1


def test_a_bomb_of_aliases_is_not_expanded():
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    source = examine_text(bomb, FILE)
    assert source.value["a39"] == (None,) * 9
    assert len(source.mistakes) == 40 + 39 * 9


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_ends_in_a_mistake_and_not_in_a_recursion(opening: str):
    source = examine_text(opening * 20_000, FILE)
    assert source.value is None
    assert "nested deeper than 32 levels" in told(source)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1, 2\nb: 3", "nation.yaml:2: this is not YAML"),
        ("a: 1\n---\nb: 2", "nation.yaml:2: a second document begins"),
        ("? [a]\n: 1", "nation.yaml:1: a key that is no text"),
        ("a: 1\nb: \x1b[31m", "nation.yaml:2: a control character"),
        ("a: 1\n\tb: 2", "nation.yaml:2: this is not YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, words: str):
    source = examine_text(text, FILE)
    assert source.value is None
    assert () in source.unreadable
    assert told(source)[0].startswith(words)


def test_a_syntax_mistake_does_not_repeat_the_text_around_it():
    source = examine_text(f"password: {CANARY}\nx: [1\ny: {CANARY}: {CANARY}\n", FILE)
    assert source.mistakes
    assert CANARY not in str(told(source)) + repr(source)


def test_variables_are_replaced_and_stay_text():
    source = read(
        'a: "${HOST}:${PORT:-8080}"\nb: ${PORT:-8080}\nc: $${HOST}\nd: ${EMPTY:-x}',
        HOST="pusat",
        EMPTY="",
    )
    assert source.value == {"a": "pusat:8080", "b": "8080", "c": "${HOST}", "d": "x"}
    assert not source.mistakes


def test_a_missing_variable_is_named_and_its_place_takes_the_blame_once():
    source = read("a: 1\nb: ${NOWHERE}\nc: ${1x}", HOST="pusat")
    assert told(source) == [
        "nation.yaml:2: the environment variable NOWHERE is not set; set it, or give a default",
        "nation.yaml:3: `${` begins no variable; write ${NAME}, or $${ for the characters",
    ]
    assert source.unreadable == {("b",), ("c",)}


def test_without_an_environment_nothing_is_replaced():
    assert read("a: ${HOST}").value == {"a": "${HOST}"}


def test_a_missing_file_a_huge_one_and_one_of_bytes_are_refused(tmp_path: Path):
    huge, bytes_file = tmp_path / "huge.yaml", tmp_path / "bytes.yaml"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    bytes_file.write_bytes(b"a: 1\nb: \xff\xfe\n")
    assert "cannot be read" in told(examine(tmp_path / "none.yaml"))[0]
    assert "larger than" in told(examine(huge))[0]
    assert f"{bytes_file}:2: this is not UTF-8; save the file as UTF-8" in told(examine(bytes_file))


def test_reading_without_a_model_raises_all_mistakes_in_order(tmp_path: Path):
    file = tmp_path / "scenario.yaml"
    file.write_text("a: 1\na: 2\nb: &x 3\n")
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(file)
    assert [mistake.split(":")[1] for mistake in caught.value.mistakes] == ["2", "3"]
