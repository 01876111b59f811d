"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ("pytester", "tests.support.real_parts_plugin")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A test that configures the logs, as every command does, configures only its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str | tuple[str, dict[str, object]]:
    """The loop that ``@pytest.mark.anyio`` tests run on: the real one, in real time.

    A test in virtual time overrides this with the loop factory of tests/support/virtual_time.
    """
    return "asyncio"
