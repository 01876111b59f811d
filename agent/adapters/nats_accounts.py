"""The server's configuration that keeps every branch to its own records: one account a branch.

Permissions alone do not. Whoever may ask the engine a question names the subject of the answer, and
the engine answers there with its own rights: within one account, over anybody's record. So the
records are in an account in which no branch is. A branch's own account imports the few subjects it
may write and the questions it may ask; an answer comes out in that account again, wherever it was
addressed, and reaches no record from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.adapters.nats_streams import (
    BRANCH_ACCOUNT_API,
    OWN_ACCOUNT_API,
    PUBLIC,
    inbox_prefix,
    permissions,
    questions,
    writes,
)

STORE_ACCOUNT = "EXCHANGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One branch as the engine knows it."""

    branch: str
    hub: bool
    user: Mapping[str, str]
    """How it signs in: ``{"nkey": "U..."}``, or user and password in tests."""


def accounts(members: Iterable[Member], keeper: Mapping[str, str]) -> str:
    """The ``accounts`` block. ``keeper`` makes the streams and looks after them: operators."""
    members = list(members)
    store = {
        "jetstream": "enabled",
        "users": [dict(keeper)],
        "exports": [
            {"service": "$KV.>"},
            {"service": f"{OWN_ACCOUNT_API}.>"},
            {"stream": f"{PUBLIC.echo}>"},
            *(
                {"stream": _deliveries(each), "accounts": [_account(each)]}
                for each in _hubs(members)
            ),
        ],
    }
    lines = [f"  {STORE_ACCOUNT}: {json.dumps(store)}"]
    lines += [f"  {_account(each)}: {json.dumps(_own(each))}" for each in members]
    return "accounts {\n" + "\n".join(lines) + "\n}\n"


def _hubs(members: Iterable[Member]) -> Iterable[Member]:
    return (member for member in members if member.hub)


def _account(member: Member) -> str:
    return f"{'hub' if member.hub else 'office'}-{member.branch}"


def _deliveries(member: Member) -> str:
    """Where consumers deliver to a hub."""
    return f"{inbox_prefix(member.branch)}.>"


def _own(member: Member) -> dict[str, Any]:
    allowed = permissions(member.branch, coordinates=member.hub, api=BRANCH_ACCOUNT_API)
    heard = [f"{PUBLIC.echo}>", *([_deliveries(member)] if member.hub else [])]
    return {
        "users": [
            {
                **member.user,
                "permissions": {
                    "publish": list(allowed.publish),
                    "subscribe": list(allowed.subscribe),
                },
            }
        ],
        "imports": [
            *(_service(each) for each in writes(member.branch, coordinates=member.hub)),
            *(_question(each) for each in questions(coordinates=member.hub)),
            *({"stream": _of_the_store(subject)} for subject in heard),
        ],
    }


def _service(subject: str) -> dict[str, Any]:
    return {"service": _of_the_store(subject)}


def _question(asked: str) -> dict[str, Any]:
    service = _service(f"{OWN_ACCOUNT_API}.{asked}")
    return {**service, "to": f"{BRANCH_ACCOUNT_API}.{asked}"}


def _of_the_store(subject: str) -> dict[str, str]:
    return {"account": STORE_ACCOUNT, "subject": subject}
