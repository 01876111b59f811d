"""The counter asks whether a fee was paid."""

from __future__ import annotations

from agent.probe import Journey, shape_of, step

NOT_FOUND = "tidak ditemukan"
PAYMENT = shape_of({
    "type": "object",
    "required": ["status", "kode_billing"],
    "properties": {
        "status": {"type": "string"},
        "kode_billing": {"type": "string", "minLength": 15, "maxLength": 15},
        "data_age_s": {"type": "number", "minimum": 0},
    },
})  # fmt: skip


class PaymentStatus(Journey):
    """Whether a billing code of fifteen zeros was paid. Nobody issued it, so nobody can have."""

    name = "payment-status"

    @step("payment status", service="mpn.status", role="simponi", slow_after_s=1.5)
    async def ask_for_a_payment(self) -> None:
        reply = await self.get(f"/pembayaran/{self.applicant.billing_code}")
        payment = self.expect_shape(reply, PAYMENT)
        self.expect(payment["status"] == NOT_FOUND, "no such code was paid")
