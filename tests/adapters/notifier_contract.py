"""What every notifier owes its caller, whatever it speaks to.

Subclass :class:`NotifierContract`, and give it a fixture ``stage``: a notifier, a channel that is
there, and what other people can do in it.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from agent.ports import Effect, Notifier, NotifyError, Outgoing, Reaction


class Stage(Protocol):
    """A notifier and the world around it."""

    @property
    def notifier(self) -> Notifier: ...

    @property
    def channel(self) -> str: ...

    def texts(self) -> list[str]:
        """What stands in the channel, oldest first, threads left out."""
        ...

    def thread_texts(self, ts: str) -> list[str]:
        """The replies under a root message, oldest first."""
        ...

    def forge(self, key: str) -> None:
        """Somebody else posts a message that looks like ours."""
        ...

    def remove(self, ts: str) -> None:
        """A person deletes a message."""
        ...

    def react(self, ts: str, emoji: str) -> str:
        """A person puts a sign on a message; returns the receiver's id of that person."""
        ...

    def react_as_ourselves(self, ts: str, emoji: str) -> None:
        """Our own bot does, as another program of the same app might."""
        ...


def a_message(stage: Stage, text: str = "[NASIONAL] satu", **changes: object) -> Outgoing:
    """A message for the stage's channel."""
    fields: dict[str, object] = {
        "key": "incident.national.all.simponi.billing@7/0",
        "revision": 1,
        "channel": stage.channel,
        "text": text,
    }
    return Outgoing(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.anyio
class NotifierContract:
    """The contract; see the module."""

    async def test_a_post_stands_in_the_channel_once(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))

        assert stage.texts() == ["[NASIONAL] satu"]
        assert posted.channel == stage.channel
        assert posted.key == a_message(stage).key

    async def test_what_was_posted_is_found_by_its_key(self, stage: Stage):
        first = await stage.notifier.post(a_message(stage))
        second = await stage.notifier.post(a_message(stage, key="another@1/0"))

        assert list(await stage.notifier.find(stage.channel)) == [first, second]

    async def test_duplicates_are_found_oldest_first(self, stage: Stage):
        copies = [await stage.notifier.post(a_message(stage)) for _ in range(3)]

        assert list(await stage.notifier.find(stage.channel)) == copies

    async def test_an_edit_changes_the_words_and_nothing_else(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))

        for _ in range(2):
            await stage.notifier.update(posted, a_message(stage, "[NASIONAL] dua", revision=2))

        assert stage.texts() == ["[NASIONAL] dua"]
        assert list(await stage.notifier.find(stage.channel)) == [posted]

    async def test_an_edit_may_give_a_message_another_key_and_say_that_it_is_over(
        self, stage: Stage
    ):
        posted = await stage.notifier.post(a_message(stage))
        assert not posted.over

        await stage.notifier.update(posted, a_message(stage, key="another@1/0", over=True))

        (found,) = await stage.notifier.find(stage.channel)
        assert (found.ts, found.key, found.over) == (posted.ts, "another@1/0", True)

    async def test_when_a_message_was_posted_is_known(self, stage: Stage):
        first = await stage.notifier.post(a_message(stage))
        second = await stage.notifier.post(a_message(stage))

        assert first.at_s is not None
        assert second.at_s is not None
        assert 0 <= second.at_s - first.at_s < 60

    async def test_a_reply_stands_in_its_thread_and_is_found_there(self, stage: Stage):
        root = await stage.notifier.post(a_message(stage))
        reply = await stage.notifier.post(a_message(stage, "meluas", key="a@1/1", thread=root.ts))

        assert stage.thread_texts(root.ts) == ["meluas"]
        assert stage.texts() == ["[NASIONAL] satu"]
        assert list(await stage.notifier.find(stage.channel, root.ts)) == [reply]
        assert list(await stage.notifier.find(stage.channel)) == [root]

    async def test_what_others_post_is_never_taken_for_ours(self, stage: Stage):
        stage.forge("incident.national.all.simponi.billing@7/0")

        assert list(await stage.notifier.find(stage.channel)) == []

    async def test_a_deleted_message_is_gone_and_deleting_it_again_is_no_error(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))

        await stage.notifier.delete(posted)
        await stage.notifier.delete(posted)

        assert stage.texts() == []
        assert list(await stage.notifier.find(stage.channel)) == []

    async def test_editing_what_a_person_deleted_says_that_it_is_gone(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))
        stage.remove(posted.ts)

        with pytest.raises(NotifyError) as failed:
            await stage.notifier.update(posted, a_message(stage, "lagi"))

        assert failed.value.effect is Effect.GONE

    async def test_an_unknown_channel_is_refused(self, stage: Stage):
        with pytest.raises(NotifyError) as failed:
            await stage.notifier.post(a_message(stage, channel="C0NOWHERE"))
        assert failed.value.effect is Effect.REFUSED

        with pytest.raises(NotifyError) as failed:
            await stage.notifier.find("C0NOWHERE")
        assert failed.value.effect is Effect.REFUSED

    async def test_a_sign_that_a_person_put_is_seen_with_who_put_it(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))
        assert list(await stage.notifier.reactions(posted)) == []

        person = stage.react(posted.ts, "eyes")
        stage.react(posted.ts, "tada")

        seen = [Reaction(emoji=emoji, by=person) for emoji in ("eyes", "tada")]
        assert list(await stage.notifier.reactions(posted)) == seen

    async def test_a_sign_of_our_own_is_left_out(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))
        stage.react_as_ourselves(posted.ts, "eyes")

        assert list(await stage.notifier.reactions(posted)) == []

    async def test_signs_of_what_a_person_deleted_say_that_it_is_gone(self, stage: Stage):
        posted = await stage.notifier.post(a_message(stage))
        stage.remove(posted.ts)

        with pytest.raises(NotifyError) as failed:
            await stage.notifier.reactions(posted)

        assert failed.value.effect is Effect.GONE

    async def test_a_check_tells_that_it_answers_and_posts_nothing(self, stage: Stage):
        await stage.notifier.check()

        assert stage.notifier.health().last_ok_age_s is not None
        assert stage.texts() == []

    async def test_health_tells_that_it_answers(self, stage: Stage):
        assert stage.notifier.health().last_ok_age_s is None

        await stage.notifier.post(a_message(stage))

        assert stage.notifier.health().ok
        assert stage.notifier.health().last_ok_age_s is not None

    async def test_closing_twice_is_no_error(self, stage: Stage):
        await stage.notifier.post(a_message(stage))

        await stage.notifier.close()
        await stage.notifier.close()
