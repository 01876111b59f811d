"""``pantau notify test``: do Slack and the others take what this office would tell?

It posts a message marked as an exercise to every configured channel, edits it, replies to it, finds
it again, sees which signs stand on it, and removes both. A scope that the app lacks, a channel
without the bot or a dead token then shows on a quiet day, not on the day of the outage. Every
receiver beside Slack is passed something that is marked as an exercise, which is to a dead man's
switch a sign of life.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from agent.adapters.slack_notifier import SlackNotifier
from agent.adapters.tls_contexts import TlsContexts
from agent.app.receivers import receivers
from agent.clock import BootClock
from agent.config import translate
from agent.config.branch import BranchSettings, SlackSecrets
from agent.config.loading import load_branch, load_nation
from agent.core import message_words as words
from agent.core.model import Routes
from agent.core.vocabulary import Words
from agent.core.wording import Wording
from agent.ports import ConfigurationError, Effect, Notifier, NotifyError, Outgoing, Posted
from agent.simulation.quiet_meters import QuietMeters

OK, FAILING, CONFIGURATION, UNKNOWN = 0, 1, 2, 3
NEEDED_SCOPES = (
    ("chat:write",),
    ("channels:history", "groups:history"),
    ("reactions:read",),
)
"""One of each is needed: private channels have scopes of their own."""
_KEY = "notify-test"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What became of one step."""

    channel: str
    step: str
    ok: bool
    detail: str = ""
    effect: Effect | None = None


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser("notify", help="try out what tells people")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    test = actions.add_parser(
        "test",
        help="post, edit, answer, find and remove a message marked [LATIHAN]",
        description="Posts to every channel in nation.yaml a message marked [LATIHAN], edits it, "
        "replies, finds it again and removes both; passes an exercise to each receiver of "
        "branch.yaml. Exit code 0: all went well; 1: something was refused; 2: the configuration "
        "is wrong; 3: somebody could not be asked.",
    )
    test.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    test.add_argument("--channel", help="try this channel of Slack only")
    test.add_argument("--json", action="store_true", help="print one JSON object")
    test.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Try out what ``arguments.config`` tells; returns the exit code."""
    try:
        settings, secrets, routes, wording = _settings(arguments.config)
        channels = (arguments.channel,) if arguments.channel else routes.channels
        results = asyncio.run(_try_slack(secrets, channels, wording))
        if not arguments.channel:
            results += asyncio.run(_try_others(settings, wording))
    except ConfigurationError as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)  # noqa: T201 - this is its output
        return CONFIGURATION
    if arguments.json:
        print(json.dumps({"steps": [asdict(each) for each in results]}))  # noqa: T201
    else:
        for each in results:
            print(line(each))  # noqa: T201
    return exit_code(results)


async def exercise(notifier: Notifier, channel: str, wording: Wording) -> list[StepResult]:
    """Post, edit, reply, find, see signs and remove in one channel; every step says how it went.

    What was posted is removed whatever happens in between.
    """
    trial = _Trial(channel)
    root = _message(channel, words.TRIAL, wording)
    posted = await trial.attempt("post", lambda: notifier.post(root))
    if posted is None:
        return trial.results
    edited = _message(channel, words.TRIAL_EDITED, wording)
    await trial.attempt("edit", lambda: notifier.update(posted, edited))
    reply = _message(channel, words.TRIAL_REPLY, wording, thread=posted.ts)
    answered = await trial.attempt("reply", lambda: notifier.post(reply))
    await trial.attempt("find", lambda: _find(notifier, posted))
    await trial.attempt("see signs", lambda: notifier.reactions(posted))
    if answered is not None:
        await trial.attempt("remove the reply", lambda: notifier.delete(answered))
    await trial.attempt("remove", lambda: notifier.delete(posted))
    return trial.results


def missing_scopes(scopes: frozenset[str] | None) -> list[str]:
    """Which scopes the app lacks, each as ``this or that``; none when Slack does not say."""
    if scopes is None:
        return []
    return [" or ".join(either) for either in NEEDED_SCOPES if not scopes.intersection(either)]


def exit_code(results: Sequence[StepResult]) -> int:
    """0 when all is well, 1 when anything was refused, 3 when it could only not be asked."""
    failed = {each.effect for each in results if not each.ok}
    if not failed:
        return OK
    return UNKNOWN if failed <= {Effect.UNKNOWN, Effect.NOT_SENT} else FAILING


def line(result: StepResult) -> str:
    """One step for a person."""
    word = "ok    " if result.ok else "FAILED"
    where = f"{result.channel}: " if result.channel else ""
    return f"{word} {where}{result.step}" + (f" ({result.detail})" if result.detail else "")


class _Trial:
    """Collects how the steps in one channel went."""

    def __init__(self, channel: str) -> None:
        self.results: list[StepResult] = []
        self._channel = channel

    async def attempt(self, step: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """The result of ``call``, or None when it failed."""
        try:
            done = await call()
        except NotifyError as failed:
            self.results.append(
                StepResult(
                    channel=self._channel,
                    step=step,
                    ok=False,
                    detail=failed.reason,
                    effect=failed.effect,
                )
            )
            return None
        self.results.append(StepResult(channel=self._channel, step=step, ok=True))
        return done


async def _find(notifier: Notifier, posted: Posted) -> None:
    found = await notifier.find(posted.channel)
    if posted.ts not in {each.ts for each in found}:
        raise NotifyError(Effect.GONE, "not found again; is another message key in use?")


async def _try_slack(
    secrets: SlackSecrets, channels: Sequence[str], wording: Wording
) -> list[StepResult]:
    notifier = SlackNotifier(
        token=secrets.bot_token.get_secret_value,
        key=lambda: secrets.message_key.get_secret_value().encode(),
        clock=BootClock(),
        base_url=secrets.base_url,
    )
    try:
        results = [await _sign_in(notifier)]
        if results[0].effect is not Effect.CREDENTIAL:
            for channel in channels:
                results += await exercise(notifier, channel, wording)
    finally:
        await notifier.close()
    return results


async def _try_others(settings: BranchSettings, wording: Wording) -> list[StepResult]:
    """Rehearse with each receiver beside Slack. Raises :class:`ConfigurationError`."""
    make = await receivers(
        settings,
        contexts=TlsContexts(),
        wording=wording,
        clock=BootClock(),
        meters=QuietMeters(),
    )
    results: list[StepResult] = []
    for receiver in make():
        trial = _Trial(receiver.name)
        await trial.attempt("rehearse", receiver.rehearse)
        results += trial.results
    return results


async def _sign_in(notifier: SlackNotifier) -> StepResult:
    trial = _Trial("")
    identity = await trial.attempt("sign in", notifier.identity)
    missing = missing_scopes(identity.scopes) if identity else []
    if not missing:
        return trial.results[0]
    detail = f"missing scopes: {', '.join(missing)}"
    return StepResult(channel="", step="sign in", ok=False, detail=detail, effect=Effect.REFUSED)


def _message(channel: str, said: Words, wording: Wording, thread: str | None = None) -> Outgoing:
    text = words.PRACTICE + wording.say(said)
    key = _KEY if thread is None else f"{_KEY}/1"
    return Outgoing(key=key, revision=1, channel=channel, text=text, thread=thread)


def _settings(file: Path) -> tuple[BranchSettings, SlackSecrets, Routes, Wording]:
    """The parts of both files that matter here. Raises :class:`ConfigurationError`."""
    branch = load_branch(file)
    nation = load_nation(branch.nation)
    if branch.slack is None:
        raise ConfigurationError(
            [f"{file}: no slack: this office holds no Slack secrets; run this at a hub"]
        )
    wording = Wording(language=nation.language, practice=True)
    return branch, branch.slack, translate.routes(nation), wording
