"""Pantau: tells an office's own fault from the centre's, and says it once."""

__version__ = "0.1.0"
