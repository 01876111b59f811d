"""An officer begins the day."""

from __future__ import annotations

from agent.probe import Journey, step


class SimkimSignIn(Journey):
    """An officer signs in to SIMKIM. Everything else at the counter stands behind this."""

    name = "simkim-sign-in"

    @step("sign in", service="simkim.login", role="simkim", slow_after_s=1.5)
    async def sign_in(self) -> None:
        reply = await self.post("/sso/token", json=self.credentials("simkim"))
        self.expect(reply.document().require("access_token", str) != "", "a token is issued")
