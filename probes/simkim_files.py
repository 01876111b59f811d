"""Both versions of SIMKIM, side by side: in 2019 the change from one to the other broke both."""

from __future__ import annotations

from agent.probe import Document, Journey, step

FRESH_S = 900.0
"""Older than this, the centre answers with yesterday's news."""


class SimkimFiles(Journey):
    """An officer opens one synthetic file in either version, and it is the same file in both."""

    name = "simkim-files"

    token: str

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        self.token = reply.document().require("access_token", str)

    @step("file in version 1", service="simkim.v1", role="simkim", slow_after_s=1.5)
    async def open_in_version_1(self) -> None:
        self.expect_the_file(await self.open(f"/v1/{self.applicant.passport}"))

    @step("file in version 2", service="simkim.v2", role="simkim", slow_after_s=1.5)
    async def open_in_version_2(self) -> None:
        self.expect_the_file(await self.open(f"/v2/{self.applicant.passport}"))

    async def open(self, path: str) -> Document:
        reply = await self.get(path, headers={"Authorization": f"Bearer {self.token}"})
        return reply.document()

    def expect_the_file(self, file: Document) -> None:
        self.expect(file.require("status", str) == "diproses", "the synthetic file is in process")
        self.expect_flow(file.require("data_age_s", float) < FRESH_S, "the file is fresh")
