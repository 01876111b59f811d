"""Posts to a real receiver and shows the same in the workspace, for demonstrations that dare to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.ports import Notifier, NotifierHealth, Outgoing, Posted, Reaction
from agent.simulation.workspace import BOT, Workspace, WorkspaceMessage


class MirroringNotifier:
    """Implements :class:`agent.ports.Notifier`: everything goes to one real channel."""

    def __init__(
        self, real: Notifier, channel: str, workspace: Workspace, shown: dict[str, Posted]
    ) -> None:
        """``shown``: real ts -> where the workspace shows it; shared by all hubs."""
        self.post_timeout_s = real.post_timeout_s
        self._real = real
        self._channel = channel
        self._workspace = workspace
        self._shown = shown

    async def post(self, message: Outgoing) -> Posted:
        """Post to the real channel, then show it."""
        posted = await self._real.post(replace(message, channel=self._channel))
        root = self._shown.get(message.thread) if message.thread else None
        stored = self._workspace.post(
            WorkspaceMessage(
                channel=message.channel if root is None else root.channel,
                ts="",
                author=BOT,
                text=message.text,
                blocks=message.blocks,
                thread=root.ts if root else None,
                broadcast=message.broadcast,
                key=message.key,
                revision=message.revision,
                over=message.over,
            )
        )
        self._shown[posted.ts] = Posted(channel=stored.channel, ts=stored.ts, key=stored.key)
        return posted

    async def update(self, posted: Posted, message: Outgoing) -> None:
        """Rewrite both."""
        await self._real.update(posted, replace(message, channel=posted.channel))
        if (shown := self._shown.get(posted.ts)) is not None:
            self._workspace.edit(shown.channel, shown.ts, message)

    async def find(self, channel: str, thread: str | None = None) -> Sequence[Posted]:
        """Ask the real one, which alone knows."""
        del channel
        return await self._real.find(self._channel, thread)

    async def delete(self, posted: Posted) -> None:
        """Remove both."""
        await self._real.delete(posted)
        if (shown := self._shown.pop(posted.ts, None)) is not None:
            self._workspace.delete(shown.channel, shown.ts)

    async def reactions(self, posted: Posted) -> Sequence[Reaction]:
        """The real ones."""
        return await self._real.reactions(posted)

    async def check(self) -> None:
        """Ask the real one."""
        await self._real.check()

    def health(self) -> NotifierHealth:
        """The real one's."""
        return self._real.health()

    async def close(self) -> None:
        """Close the real one."""
        await self._real.close()
