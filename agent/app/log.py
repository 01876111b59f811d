"""Structured logs: JSON lines for machines, readable lines for a terminal, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(style: str, level: str) -> None:
    """Set up logging for this process; ``style`` is ``json`` or ``console``."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        # A logger that is cached keeps its stream for ever, also one that was closed meanwhile.
        cache_logger_on_first_use=False,
    )
