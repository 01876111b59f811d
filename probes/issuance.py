"""Behind the counter: from approval to the printed booklet.

The counter can look healthy while nothing is printed: queues accept work and stand still, and
approvals come back at random. So this journey asks what moves, not only what answers.
"""

from __future__ import annotations

from agent.probe import Document, Journey, Reply, step

OLDEST_WAITING_S = 900.0
"""A queue whose oldest file has waited this long does not move."""
IDLE_WAITING_S = 300.0
"""A queue that finished nothing in an hour stands still as soon as anybody has waited this long; at
night nothing waits, and nothing need move."""
FRESH_S = 900.0
NOT_FOUND = "tidak ditemukan"


class Issuance(Journey):
    """A synthetic file waits at adjudication for ever, and the queues behind it keep moving."""

    name = "issuance"

    token: str

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        self.token = reply.document().require("access_token", str)

    @step("adjudication", service="adjudikasi", role="simkim", slow_after_s=1.5)
    async def ask_for_decision(self) -> None:
        decision = (await self.ask(f"/adjudikasi/{self.applicant.passport}")).document()
        # Nobody may ever decide this file. Any other answer is one that nobody gave.
        self.expect(decision.require("keputusan", str) == "menunggu", "the canary file waits")
        self.expect_flow(decision.require("data_age_s", float) < FRESH_S, "the answer is fresh")

    @step("allocation", service="alokasi", role="simkim", slow_after_s=1.5)
    async def see_allocation_move(self) -> None:
        self.expect_movement((await self.ask("/alokasi/aliran")).document())

    @step("printing", service="cetak", role="simkim", slow_after_s=1.5)
    async def see_printing_move(self) -> None:
        self.expect_movement((await self.ask("/cetak/aliran")).document())

    @step("quality check", service="ujikualitas", role="simkim", slow_after_s=1.5)
    async def see_quality_check_move(self) -> None:
        self.expect_movement((await self.ask("/ujikualitas/aliran")).document())

    @step("collection", service="serah", role="simkim", slow_after_s=1.5)
    async def look_for_a_collection(self) -> None:
        # The synthetic booklet is never printed, so nobody can have collected it.
        file = (await self.ask(f"/penyerahan/{self.applicant.passport}")).document()
        self.expect(file.require("status", str) == NOT_FOUND, "nobody collected the booklet")

    async def ask(self, path: str) -> Reply:
        return await self.get(path, headers={"Authorization": f"Bearer {self.token}"})

    def expect_movement(self, queue: Document) -> None:
        self.expect_flow(queue.require("data_age_s", float) < FRESH_S, "the figures are fresh")
        waited_s = queue.require("oldest_waiting_s", float)
        self.expect_flow(
            waited_s < OLDEST_WAITING_S,
            f"the oldest file has waited under {OLDEST_WAITING_S:.0f} s",
        )
        idle = queue.require("done_last_hour", int) == 0
        self.expect_flow(
            not idle or waited_s < IDLE_WAITING_S,
            f"something was finished in the last hour, or nobody waits {IDLE_WAITING_S:.0f} s",
        )
