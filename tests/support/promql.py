"""Reads an expression of PromQL far enough to tell which labels its answer has.

A label that a metric does not have makes an expression answer nothing, and Prometheus says no
word of it. This knows what every selector, aggregation and join leaves of the labels, and refuses a
label that is not there. It reads what our dashboards use, and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Labels = frozenset[str]
SCALAR: Labels | None = None

_TOKEN = re.compile(
    r"\s*(?P<token>\d+(?:\.\d+)?|\"[^\"]*\"|\[[^\]]*\]|[A-Za-z_:][A-Za-z0-9_:]*"
    r"|=~|!~|==|!=|>=|<=|[-+*/(){},=<>])"
)
_BINARY = (("or",), ("and", "unless"), ("==", "!=", ">=", "<=", ">", "<"), ("+", "-"), ("*", "/"))
_AGGREGATIONS = {"sum", "max", "min", "avg", "count", "topk"}
_SAME_LABELS = {"rate", "increase", "abs"}


class NotThereError(Exception):
    """A metric or a label that the expression names and that there is not."""


@dataclass(slots=True)
class _Reader:
    known: Mapping[str, Labels]
    tokens: list[str]
    at: int = field(default=0)

    def expression(self, level: int = 0) -> Labels | None:
        if level == len(_BINARY):
            return self.value()
        left = self.expression(level + 1)
        while self.next_is(*_BINARY[level]):
            left = self.joined(left, self.take(), level)
        return left

    def joined(self, left: Labels | None, operator: str, level: int) -> Labels | None:
        if self.next_is("bool"):
            self.take()
        on = self.names_after("on")
        brought = self.names_after("group_left")
        right = self.expression(level + 1)
        if left is None or right is None:
            return left if right is None else right
        if on is None:
            _same(left, right, operator)
            return left
        _among(on, left, "the left of a join")
        _among(on, right, "the right of a join")
        if brought is not None:
            _among(brought, right, "what a join brings")
            return left | brought
        return left if operator in ("and", "unless", "or") else on

    def value(self) -> Labels | None:
        token = self.take()
        if token == "-":
            return self.value()
        if token == "(":
            found = self.expression()
            self.expect(")")
            return found
        if token[0].isdigit():
            return SCALAR
        if token in _AGGREGATIONS:
            return self.aggregated(token)
        if self.next_is("("):
            return self.called(token)
        return self.selected(token)

    def aggregated(self, aggregation: str) -> Labels:
        """``topk`` leaves the series that it chooses as they are."""
        by = self.names_after("by") or Labels()
        found = self.arguments()[-1] or Labels()
        _among(by, found, "an aggregation")
        return found if aggregation == "topk" else by

    def called(self, function: str) -> Labels | None:
        arguments = self.arguments()
        if function == "time":
            return SCALAR
        if function == "histogram_quantile":
            found = arguments[1] or Labels()
            _among(Labels({"le"}), found, function)
            return found - {"le"}
        if function not in _SAME_LABELS:
            raise ValueError(f"{function} is not a function that this reads")
        return arguments[0]

    def selected(self, metric: str) -> Labels:
        if metric not in self.known:
            raise NotThereError(f"no metric {metric}")
        labels = self.known[metric]
        if self.next_is("{"):
            self.take()
            while not self.next_is("}"):
                _among(Labels({self.take()}), labels, metric)
                self.take()  # the operator
                self.take()  # the value
                if self.next_is(","):
                    self.take()
            self.take()
        if self.at < len(self.tokens) and self.tokens[self.at].startswith("["):
            self.take()
        return labels

    def arguments(self) -> list[Labels | None]:
        self.expect("(")
        found: list[Labels | None] = []
        while not self.next_is(")"):
            found.append(self.expression())
            if self.next_is(","):
                self.take()
        self.take()
        return found

    def names_after(self, word: str) -> Labels | None:
        if not self.next_is(word):
            return None
        self.take()
        self.expect("(")
        names = []
        while not self.next_is(")"):
            names.append(self.take())
            if self.next_is(","):
                self.take()
        self.take()
        return Labels(names)

    def next_is(self, *tokens: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] in tokens

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise ValueError(f"expected {token} at {' '.join(self.tokens[: self.at])}")


def labels_of(expression: str, known: Mapping[str, Labels]) -> Labels:
    """The labels of an expression's answer; none for a number.

    Raises:
        NotThereError: it names a metric or a label that there is not, or joins what never meets.
        ValueError: it holds what this does not read.
    """
    reader = _Reader(known, _tokens(expression))
    found = reader.expression()
    if reader.at != len(reader.tokens):
        raise ValueError(f"not read from {' '.join(reader.tokens[reader.at :])}")
    return found or Labels()


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    while at < len(expression.rstrip()):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ValueError(f"not read from {expression[at:]}")
        found.append(match["token"])
        at = match.end()
    return found


def _among(asked: Labels, there: Labels, what: str) -> None:
    if asked - there:
        raise NotThereError(
            f"{', '.join(sorted(asked - there))} in {what}, which has {sorted(there)}"
        )


def _same(left: Labels, right: Labels, operator: str) -> None:
    if left != right:
        raise NotThereError(f"{operator} of {sorted(left)} and {sorted(right)}, which never meet")
