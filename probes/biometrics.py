"""Photo and fingerprints, and the search for a double. On a sandbox only: it writes."""

from __future__ import annotations

from agent.probe import Journey, step

NOT_FOUND = "tidak ditemukan"


class Biometrics(Journey):
    """An empty recording of a synthetic applicant is stored, matches nobody, and is taken away."""

    name = "biometrics"

    number: str | None = None

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        token = reply.document().require("access_token", str)
        self.headers = {"Authorization": f"Bearer {token}"}

    @step(
        "recording", service="biometrik.rekam", role="simkim", slow_after_s=1.5, sandbox_only=True
    )
    async def record(self) -> None:
        nobody = {"nik": self.applicant.nik, "nama": self.applicant.name, "citra": ""}
        reply = await self.post("/rekaman", json=nobody, headers=self.headers)
        self.number = reply.document().require("nomor", str)

    @step("arrival", service="biometrik.rekam", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def see_it_arrive(self) -> None:
        kept = (await self.get(f"/rekaman/{self.number}", headers=self.headers)).document()
        self.expect_flow(kept.require("status", str) == "tersimpan", "what was recorded arrived")

    @step("matching", service="abis.cocok", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def match(self) -> None:
        asked = {"nomor": self.number}
        reply = await self.post("/pencocokan", json=asked, headers=self.headers)
        self.expect(reply.document().require("status", str) == NOT_FOUND, "it is nobody's double")

    @step("take away", service="biometrik.rekam", role="simkim", sandbox_only=True, always=True)
    async def take_away(self) -> None:
        if self.number is not None:
            (await self.delete(f"/rekaman/{self.number}", headers=self.headers)).document()
