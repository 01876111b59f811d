"""``pantau import``: the draft of a journey, from a browser's recording or an OpenAPI document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from agent.commands.journey_draft import NotADraft, draft_of

OK, USAGE = 0, 2
MAX_BYTES = 64 * 1024 * 1024


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "import",
        help="draft a journey in YAML from a HAR recording or an OpenAPI document",
        description="Prints the draft, and on standard error what was left out: authorisation, "
        "cookies, the values of bodies and whatever names a person. The draft has to be finished "
        "by a person: it knows neither services nor what an answer must say. Exit code 2: the file "
        "is neither.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--name", default="draft", help="of the journey (default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draft from ``arguments.file``; returns the exit code."""
    try:
        with arguments.file.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return _refuse(f"{arguments.file}: larger than {MAX_BYTES} bytes; record less")
        draft = draft_of(raw.decode("utf-8-sig"), arguments.name, arguments.file.name)
    except OSError as error:
        return _refuse(f"{arguments.file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return _refuse(f"{arguments.file}: not UTF-8; save it as UTF-8")
    except NotADraft as reason:
        return _refuse(f"{arguments.file}: {reason}")
    print(draft.text(), end="")  # noqa: T201 - this is its output
    for what, times in sorted(draft.removed.items()):
        print(f"left out: {what}: {times}", file=sys.stderr)  # noqa: T201 - the same
    return OK


def _refuse(mistake: str) -> int:
    print(mistake, file=sys.stderr)  # noqa: T201 - this is its output
    return USAGE
