"""What a play came to in messages, counted from what stands in the channels."""

from __future__ import annotations

import asyncio

import pytest

from agent.simulation.fleet import Witness
from agent.simulation.play_report import report
from agent.simulation.virtual_time import VirtualClock
from agent.simulation.workspace import BOT, Workspace, WorkspaceMessage
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]


async def test_a_digest_is_counted_as_one_and_not_as_an_incidents_message():
    workspace = Workspace(["c"], VirtualClock(asyncio.get_running_loop()))

    def post(key: str, thread: str | None = None) -> str:
        message = WorkspaceMessage(channel="c", ts="", author=BOT, text="-", key=key, thread=thread)
        return workspace.post(message).ts

    root = post("incident.national.all.x@7/0")
    post("incident.national.all.x@7/1", thread=root)
    post("digest.20261124@9/0")
    found = report(
        scenario="s",
        branches=12,
        seed=1,
        seconds=60.0,
        first_fault_s=0.0,
        witness=Witness(incidents={}, abstained=set(), silent=set()),
        workspace=workspace,
    )
    assert found["slack"] == {"root_messages": 1, "thread_messages": 1, "digests": 1}
