"""The counter: what an officer asks of the centre while taking an application."""

from __future__ import annotations

from agent.probe import Journey, shape_of, step

NOT_FOUND = "tidak ditemukan"
FRESH_S = 900.0
"""Older than this, the centre answers with yesterday's news."""
FILE = shape_of({
    "type": "object",
    "required": ["status", "no_permohonan", "data_age_s"],
    "properties": {
        "status": {"type": "string"},
        "no_permohonan": {"type": "string", "minLength": 1},
        "data_age_s": {"type": "number", "minimum": 0},
    },
})  # fmt: skip


class OfficerApplication(Journey):
    """An officer takes an application, as far as a monitor may: asked for, never created.

    The identity number and the billing code cannot belong to anyone. A prompt "tidak ditemukan"
    means that every layer works, and reads nobody's record.
    """

    name = "officer-application"

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        self.expect(reply.document().require("access_token", str) != "", "a token is issued")

    @step("identity check", service="dukcapil.nik", role="dukcapil", slow_after_s=1.5)
    async def check_identity(self) -> None:
        reply = await self.post("/nik/verifikasi", json={"nik": self.applicant.nik})
        self.expect(reply.document().require("status", str) == NOT_FOUND, "the number is unknown")

    @step("slots", service="mpaspor.kuota", role="mpaspor", slow_after_s=1.5)
    async def look_for_slots(self) -> None:
        slots = (await self.get("/kuota")).document()
        # A full day is an ordinary day; only an answer without a number of slots is a fault.
        self.expect(slots.require("status", str) in ("tersedia", "kuota penuh"), "slots are known")
        self.expect(slots.require("sisa", int) >= 0, "the slots left are counted")

    @step("billing inquiry", service="simponi.billing", role="simponi", slow_after_s=1.5)
    async def inquire_billing(self) -> None:
        reply = await self.get(f"/billing/{self.applicant.billing_code}")
        self.expect(reply.document().require("status", str) == NOT_FOUND, "no such code was issued")

    @step("file status", service="status.lacak", role="status", slow_after_s=1.5)
    async def track_file(self) -> None:
        file = self.expect_shape(await self.get(f"/status/{self.applicant.passport}"), FILE)
        self.expect(file["status"] == "diproses", "the synthetic file is in process")
        self.expect_flow(file["data_age_s"] < FRESH_S, "the status is fresh")
