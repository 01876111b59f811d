"""The border: in 2019 every screen looked normal while 120,661 crossings never arrived.

Only what is written and read again shows that. On a sandbox only: it writes.
"""

from __future__ import annotations

from agent.probe import Journey, step


class BorderCrossing(Journey):
    """A crossing of nobody is recorded, must be there when asked for, and is taken away."""

    name = "border-crossing"

    number: str | None = None

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        token = reply.document().require("access_token", str)
        self.headers = {"Authorization": f"Bearer {token}"}

    @step("crossing", service="apk.perlintasan", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def cross(self) -> None:
        crossing = {"paspor": self.applicant.passport, "arah": "sintetis"}
        reply = await self.post("/perlintasan", json=crossing, headers=self.headers)
        self.number = reply.document().require("nomor", str)

    @step("arrival", service="apk.perlintasan", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def see_it_arrive(self) -> None:
        kept = (await self.get(f"/perlintasan/{self.number}", headers=self.headers)).document()
        self.expect_flow(kept.require("status", str) == "tersimpan", "the crossing arrived")

    @step("take away", service="apk.perlintasan", role="simkim", sandbox_only=True, always=True)
    async def take_away(self) -> None:
        if self.number is not None:
            (await self.delete(f"/perlintasan/{self.number}", headers=self.headers)).document()
