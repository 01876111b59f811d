"""What an applicant at home does in M-Paspor, as far as a monitor may."""

from __future__ import annotations

from agent.probe import Journey, step

NOT_FOUND = "tidak ditemukan"


class MpasporPublic(Journey):
    """An applicant signs in, looks for a slot, and asks after an application that does not exist.

    No slot is taken and no application is made: both would be taken from somebody.
    """

    name = "mpaspor-public"

    token: str

    @step("sign in", service="mpaspor.login", role="mpaspor", slow_after_s=1.5)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("mpaspor"))
        self.token = reply.document().require("access_token", str)

    @step("public slots", service="mpaspor.kuota", role="mpaspor", slow_after_s=1.5)
    async def look_for_slots(self) -> None:
        slots = (await self.get("/kuota")).document()
        # A full day is an ordinary day; only an answer without a number of slots is a fault.
        self.expect(slots.require("status", str) in ("tersedia", "kuota penuh"), "slots are known")
        self.expect(slots.require("sisa", int) >= 0, "the slots left are counted")

    @step("application", service="mpaspor.permohonan", role="mpaspor", slow_after_s=1.5)
    async def ask_for_an_application(self) -> None:
        reply = await self.get(
            f"/permohonan/{self.applicant.passport}",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        self.expect(
            reply.document().require("status", str) == NOT_FOUND, "no such application was made"
        )
