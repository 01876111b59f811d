"""The watch list. Its owner must have consented in writing: branch.yaml says where that stands."""

from __future__ import annotations

from agent.probe import Journey, step

NOT_FOUND = "tidak ditemukan"


class WatchList(Journey):
    """An officer asks whether a person who cannot exist may not travel."""

    name = "watch-list"

    token: str

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5, consent="watch-list")
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        self.token = reply.document().require("access_token", str)

    @step("watch list", service="ecs.cekal", role="simkim", slow_after_s=1.5, consent="watch-list")
    async def ask(self) -> None:
        reply = await self.post(
            "/cekal",
            json={"nik": self.applicant.nik, "paspor": self.applicant.passport},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        self.expect(reply.document().require("status", str) == NOT_FOUND, "nobody is listed")
