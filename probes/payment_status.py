"""The counter asks whether a fee was paid."""

from __future__ import annotations

from agent.probe import Journey, step

NOT_FOUND = "tidak ditemukan"


class PaymentStatus(Journey):
    """Whether a billing code of fifteen zeros was paid. Nobody issued it, so nobody can have."""

    name = "payment-status"

    @step("payment status", service="mpn.status", role="simponi", slow_after_s=1.5)
    async def ask_for_a_payment(self) -> None:
        payment = (await self.get(f"/pembayaran/{self.applicant.billing_code}")).document()
        self.expect(payment.require("status", str) == NOT_FOUND, "no such code was paid")
