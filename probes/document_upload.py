"""The counter sends scanned papers to the centre. On a sandbox only: it writes."""

from __future__ import annotations

from agent.probe import Journey, step

ARRIVES_S = 4.0
"""A paper that is not to be found after that long is lost, as far as the counter can tell."""


class DocumentUpload(Journey):
    """A paper of a synthetic applicant is uploaded, must arrive, and is taken away again."""

    name = "document-upload"

    number: str | None = None

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        token = reply.document().require("access_token", str)
        self.headers = {"Authorization": f"Bearer {token}"}

    @step("upload", service="dokumen.unggah", role="simkim", slow_after_s=1.5, sandbox_only=True)
    async def upload(self) -> None:
        paper = {"nik": self.applicant.nik, "nama": self.applicant.name, "jenis": "sintetis"}
        reply = await self.post("/berkas", json=paper, headers=self.headers)
        self.number = reply.document().require("nomor", str)

    @step(
        "arrival",
        service="dokumen.unggah",
        role="simkim",
        slow_after_s=1.5,
        requests=3,
        sandbox_only=True,
    )
    async def see_it_arrive(self) -> None:
        # How long it takes is the age of the write when it can be read.
        await self.expect_arrival(self.it_is_there, "what was uploaded arrives", within_s=ARRIVES_S)

    async def it_is_there(self) -> bool:
        paper = (await self.get(f"/berkas/{self.number}", headers=self.headers)).document()
        return paper.require("status", str) == "tersimpan"

    @step("take away", service="dokumen.unggah", role="simkim", sandbox_only=True, always=True)
    async def take_away(self) -> None:
        if self.number is not None:
            (await self.delete(f"/berkas/{self.number}", headers=self.headers)).document()
