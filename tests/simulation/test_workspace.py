from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from agent.ports import Effect, Notifier, NotifyError, Reaction
from agent.simulation import workspace
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import (
    BOT,
    Fault,
    Happening,
    Workspace,
    WorkspaceEvent,
    WorkspaceMessage,
    WorkspaceNotifier,
    scripted,
)
from tests.adapters.notifier_contract import NotifierContract, a_message
from tests.support.virtual_time import virtual_time

CHANNEL = "C0MAIN"

pytestmark = [pytest.mark.anyio, virtual_time]


@dataclass
class WorkspaceStage:
    workspace: Workspace
    notifier: Notifier
    channel: str = CHANNEL

    def texts(self) -> list[str]:
        return [each.text for each in self.workspace.roots(CHANNEL)]

    def thread_texts(self, ts: str) -> list[str]:
        return [each.text for each in self.workspace.replies(CHANNEL, ts)]

    def forge(self, key: str) -> None:
        self.workspace.post(
            WorkspaceMessage(channel=CHANNEL, ts="", author="stranger", text="palsu", key=key)
        )

    def remove(self, ts: str) -> None:
        self.workspace.delete(CHANNEL, ts)

    def react(self, ts: str, emoji: str) -> str:
        self.workspace.react(CHANNEL, ts, Reaction(emoji=emoji, by="U0PIKET01"))
        return "U0PIKET01"

    def react_as_ourselves(self, ts: str, emoji: str) -> None:
        self.workspace.react(CHANNEL, ts, Reaction(emoji=emoji, by=BOT))


@pytest.fixture
async def stage() -> WorkspaceStage:
    clock = VirtualClock(asyncio.get_running_loop())
    made = Workspace([CHANNEL], clock)
    return WorkspaceStage(made, WorkspaceNotifier(made, "jember", clock))


class TestWorkspaceNotifier(NotifierContract):
    pass


@pytest.mark.parametrize(
    ("fault", "effect", "standing"),
    [
        (Fault.LOST_BEFORE, Effect.NOT_SENT, 0),
        (Fault.RATE_LIMITED, Effect.NOT_SENT, 0),
        (Fault.REVOKED, Effect.CREDENTIAL, 0),
        (Fault.SERVER_ERROR, Effect.UNKNOWN, 0),
        (Fault.HANG, Effect.UNKNOWN, 0),
        (Fault.LOST_AFTER, Effect.UNKNOWN, 1),
        (Fault.LATE, Effect.UNKNOWN, 1),
    ],
)
async def test_a_scripted_fault_is_told_as_what_the_caller_can_know(
    stage: WorkspaceStage, fault: Fault, effect: Effect, standing: int
):
    stage.workspace.weather = scripted(fault)

    with pytest.raises(NotifyError) as failed:
        await stage.notifier.post(a_message(stage))

    assert failed.value.effect is effect
    assert len(stage.texts()) == standing
    assert not stage.notifier.health().ok
    await stage.notifier.post(a_message(stage))
    assert stage.notifier.health().ok


async def test_no_fault_lasts_longer_than_the_post_timeout(stage: WorkspaceStage):
    for fault in Fault:
        stage.workspace.weather = scripted(fault)
        async with asyncio.timeout(stage.notifier.post_timeout_s + 0.01):
            with pytest.raises(NotifyError):
                await stage.notifier.post(a_message(stage))


async def test_listeners_hear_of_every_change(stage: WorkspaceStage):
    heard: list[WorkspaceEvent] = []
    stage.workspace.listeners.append(heard.append)

    posted = await stage.notifier.post(a_message(stage))
    await stage.notifier.update(posted, a_message(stage, "dua", revision=2))
    await stage.notifier.delete(posted)

    assert [each.happening for each in heard] == list(Happening)
    assert [each.message.text for each in heard] == ["[NASIONAL] satu", "dua", "dua"]


async def test_a_full_channel_forgets_its_oldest_message_and_counts_it(
    stage: WorkspaceStage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workspace, "MAX_MESSAGES", 2)

    for text in ("satu", "dua", "tiga"):
        await stage.notifier.post(a_message(stage, text))

    assert stage.texts() == ["dua", "tiga"]
    assert stage.workspace.forgotten == 1


async def test_duplicates_and_all_posts_ever_are_counted(stage: WorkspaceStage):
    key = a_message(stage).key
    first = await stage.notifier.post(a_message(stage))
    await stage.notifier.post(a_message(stage))
    assert stage.workspace.duplicates() == {key: 2}

    await stage.notifier.delete(first)

    assert stage.workspace.duplicates() == {}
    assert stage.workspace.posted[key] == 2
