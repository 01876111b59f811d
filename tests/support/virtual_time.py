"""Runs a test in virtual time: ``pytestmark = [pytest.mark.anyio, virtual_time]``.

Waiting then takes no time, and a test that can never end fails with ``Deadlock`` at once.
"""

from __future__ import annotations

import pytest

from agent.simulation.virtual_time import VirtualTimeLoop

virtual_time = pytest.mark.parametrize(
    "anyio_backend",
    [pytest.param(("asyncio", {"loop_factory": VirtualTimeLoop}), id="virtual_time")],
)
