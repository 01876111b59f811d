"""Closed sets of words that a later version may add to.

Hubs of two versions write the same records. A word that the older one does not know must not cost
it the whole record: an incident that it could not read it would open, and tell, a second time. So
such a word is kept as it stands, equals nothing that is known, and is written back unchanged.

This is for words that a reader may do nothing about. Where every reader has to act on every word
(severity, phase, scope), a new one needs a new version of the record instead.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class OpenEnum(StrEnum):
    """A StrEnum whose unknown values are kept."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str) or not _WORD.fullmatch(value):
            return None
        kept = str.__new__(cls, value)
        kept._name_ = kept._value_ = value
        return kept

    @property
    def known(self) -> bool:
        """Whether this version knows the word."""
        return self.value in type(self)._value2member_map_
