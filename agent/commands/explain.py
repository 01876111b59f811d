"""``pantau explain``: asks a running agent why a service is or is not an incident now.

The agent that leads answers with every number; any other with its own evidence and the leader's
word, and it names the office to ask. Nothing is configured here and nothing is changed there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from rich.console import Console

from agent.commands import explain_picture
from agent.commands.explain_asking import NoAnswer, UnknownService, ask

OK, USAGE, UNKNOWN = 0, 2, 3
OPERATIONS_URL = "http://127.0.0.1:9090"


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser(
        "explain",
        help="ask a running agent why a service is or is not an incident now",
        description="Exit code 0: it was told, whether or not there is an incident; 2: usage, or "
        "no such service, and the names that exist are told; 3: unknown: no agent answers, its "
        "word of the nation is old, or too few offices take part.",
    )
    parser.add_argument("service", metavar="SERVICE", help="for example simponi.billing")
    parser.add_argument(
        "--url",
        default=OPERATIONS_URL,
        metavar="OPERATIONS_URL",
        help="the agent's operations listener (default: %(default)s)",
    )
    parser.add_argument(
        "--language", choices=("id", "en"), help="of the sentences (default: the nation's)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain ``arguments.service``; returns the exit code."""
    try:
        answer = asyncio.run(ask(arguments.url, arguments.service))
    except UnknownService as unknown:
        return _refuse(USAGE, str(unknown), as_json=arguments.json, services=unknown.services)
    except NoAnswer as reason:
        return _refuse(UNKNOWN, str(reason), as_json=arguments.json)
    except ValueError as mistake:
        return _refuse(USAGE, str(mistake), as_json=arguments.json)
    code = OK if answer.known else UNKNOWN
    if arguments.json:
        found = {"ok": code == OK, "exit_code": code, **answer.document}
        print(json.dumps(found))  # noqa: T201 - this is its output
    else:
        explain_picture.show(answer, Console(), arguments.language or answer.language)
    return code


def _refuse(
    code: int, mistake: str, *, as_json: bool, services: tuple[str, ...] | None = None
) -> int:
    if as_json:
        refused: dict[str, Any] = {"ok": False, "exit_code": code, "mistakes": [mistake]}
        if services is not None:
            refused["services"] = list(services)
        print(json.dumps(refused))  # noqa: T201 - this is its output
    else:
        print(mistake, file=sys.stderr)  # noqa: T201 - the same
    return code
