"""Reads a file of scenarios, and tells every mistake in it at once.

The contract is the head of ``scenarios.yaml``. A file holds ``scenarios:``, optionally preceded by
the ``services:`` it speaks of, or is one scenario itself. Keys in ``INFORMATIVE`` are for people:
they are accepted and not acted on. Any other key, kind, scope or place that is not known is a
mistake, because a fault that silently does nothing makes a demonstration lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from agent.config.mistakes import KeyPath, Mistake, refuse
from agent.config.yaml_source import Source, examine
from agent.core.model import Branch, is_name
from agent.simulation.scenario import (
    SERVICES,
    Act,
    Kind,
    Phase,
    Reach,
    Scenario,
    Scope,
    Where,
)
from agent.simulation.scenario_values import (
    PARAMETERS,
    number,
    parse_duration_s,
    parse_scope,
    parse_start,
    text,
)

INFORMATIVE = frozenset({"name", "note", "variant_wide", "basis", "expect"})

_PHASE_KEYS = ("at", "until", "service", "scope", "kind", "where")
_ANY_PARAMETER = {name: each for takes in PARAMETERS.values() for name, each in takes.items()}
"""What a phase of an unknown kind may hold, so that one mistake is not told as many."""

_T = TypeVar("_T")
_D = TypeVar("_D")
_Word = TypeVar("_Word", bound=StrEnum)


def read_scenarios(file: Path, roster: Sequence[Branch] = ()) -> tuple[Scenario, ...]:
    """Read every scenario of ``file``; with a ``roster``, its offices and provinces are checked.

    Raises :class:`agent.ports.ConfigurationError` with all mistakes, each with file and line.
    """
    return _Reader(examine(file), roster).read()


class _Reader:
    """Walks through a file that is already parsed and notes what is wrong with it."""

    def __init__(self, source: Source, roster: Sequence[Branch]) -> None:
        self._root = source.value
        self._lines = source.lines
        self._mistakes: list[Mistake] = list(source.mistakes)
        self._offices = {branch.id for branch in roster}
        self._provinces = {branch.province for branch in roster}

    def read(self) -> tuple[Scenario, ...]:
        scenarios: list[Scenario] = []
        if isinstance(self._root, Mapping):
            scenarios = self._file(self._root)
        elif not self._mistakes:
            self._note((), "a file of scenarios begins with `scenarios:`")
        refuse(self._mistakes)
        return tuple(scenarios)

    def _file(self, root: Mapping[str, Any]) -> list[Scenario]:
        if "scenarios" not in root:
            return [self._scenario((), root, extra=("services",))]
        self._keys((), root, ("services", "scenarios"))
        self._known_services(root)
        scenarios = []
        for index, entry in enumerate(self._sequence(("scenarios",), root["scenarios"])):
            path: KeyPath = ("scenarios", index)
            if isinstance(entry, Mapping):
                scenarios.append(self._scenario(path, entry))
            else:
                self._note(path, "a scenario is a mapping with id and phases")
        self._once([scenario.id for scenario in scenarios])
        return scenarios

    def _known_services(self, root: Mapping[str, Any]) -> None:
        for index, service in enumerate(self._sequence(("services",), root.get("services", ()))):
            if service not in SERVICES:
                known = ", ".join(SERVICES)
                self._note(
                    ("services", index), f'no service is called "{service}"; there are {known}'
                )

    def _once(self, ids: Sequence[str]) -> None:
        for index, scenario_id in enumerate(ids):
            if scenario_id in ids[:index]:
                self._note(
                    ("scenarios", index, "id"), f'"{scenario_id}" is used twice; rename one of them'
                )

    def _scenario(
        self, path: KeyPath, entry: Mapping[str, Any], extra: tuple[str, ...] = ()
    ) -> Scenario:
        if extra:
            self._known_services(entry)
        self._keys(path, entry, ("id", "start", "compress", "announced", "phases", "acts", *extra))
        scenario_id = entry.get("id")
        if not isinstance(scenario_id, str) or not is_name(scenario_id.lower()):
            self._note((*path, "id"), "give it an id such as S01")
            scenario_id = "?"
        phases = self._sequence((*path, "phases"), entry.get("phases"))
        acts = self._sequence((*path, "acts"), entry.get("acts", ()))
        read = [self._phase((*path, "phases", i), phase) for i, phase in enumerate(phases)]
        return Scenario(
            id=scenario_id,
            name=str(entry.get("name", scenario_id)),
            phases=tuple(phase for phase in read if phase is not None),
            start=self._value(path, entry, "start", parse_start, None),
            compress=self._value(path, entry, "compress", number(0.001, 1e6, "a speed-up"), 1.0),
            announced=self._announced((*path, "announced"), entry.get("announced")),
            acts=tuple(self._act((*path, "acts", i), act) for i, act in enumerate(acts)),
        )

    def _phase(self, path: KeyPath, entry: object) -> Phase | None:
        if not isinstance(entry, Mapping):
            self._note(path, "a phase is a mapping such as {at: 0+00:00, until: 0+01:00, ...}")
            return None
        kind = self._word(path, entry, "kind", Kind, None)
        accepted = dict(PARAMETERS[kind]) if kind else _ANY_PARAMETER
        self._keys(path, entry, (*_PHASE_KEYS, *accepted))
        at_s, until_s = self._interval(path, entry, "at")
        where = self._word(path, entry, "where", Where, Where.CENTRE)
        services, scope = self._service_list(path, entry), self._scope(path, entry)
        if kind is None or where is None:
            return None
        return Phase(
            at_s=at_s,
            until_s=until_s,
            services=services,
            scope=scope,
            kind=kind,
            where=where,
            parameters=self._parameters(path, entry, kind),
        )

    def _announced(self, path: KeyPath, entry: object) -> tuple[float, float] | None:
        if entry is None:
            return None
        if not isinstance(entry, Mapping):
            self._note(path, "write what was announced as {from: 0+00:00, until: 0+06:00}")
            return None
        self._keys(path, entry, ("from", "until"))
        return self._interval(path, entry, "from")

    def _interval(self, path: KeyPath, entry: Mapping[str, Any], begin: str) -> tuple[float, float]:
        for key in (begin, "until"):
            if key not in entry:
                self._note(path, f"it needs `{key}`, an offset such as 0+06:30")
        at_s = self._value(path, entry, begin, parse_duration_s, 0.0)
        until_s = self._value(path, entry, "until", parse_duration_s, at_s + 1.0)
        if until_s <= at_s:
            self._note(
                (*path, "until"), f"it ends before it begins; `until` must be after `{begin}`"
            )
        return at_s, until_s

    def _service_list(self, path: KeyPath, entry: Mapping[str, Any]) -> tuple[str, ...]:
        path, value = (*path, "service"), entry.get("service", "all")
        if value == "all":
            return SERVICES
        listed = (value,) if isinstance(value, str) else self._sequence(path, value)
        for service in listed:
            if service not in SERVICES:
                self._note(
                    path,
                    f'no service is called "{service}"; write all or some of {", ".join(SERVICES)}',
                )
        return tuple(str(service) for service in listed)

    def _scope(self, path: KeyPath, entry: Mapping[str, Any]) -> Scope:
        scope = self._value(path, entry, "scope", parse_scope, Scope())
        known = {Reach.OFFICES: self._offices, Reach.PROVINCES: self._provinces}.get(scope.reach)
        for name in scope.names if known else ():
            if known and name not in known:
                self._note(
                    (*path, "scope"),
                    f'the roster has no "{name}" among its {scope.reach}; use one of its own',
                )
        return scope

    def _parameters(
        self, path: KeyPath, entry: Mapping[str, Any], kind: Kind
    ) -> dict[str, float | str]:
        parameters: dict[str, float | str] = {}
        for name, parameter in PARAMETERS[kind].items():
            value = self._value(path, entry, name, parameter.check, parameter.default)
            if value is not None:
                parameters[name] = value
        if kind is Kind.LATENCY and not parameters:
            self._note(path, "latency needs `factor` or `ms`")
        return parameters

    def _act(self, path: KeyPath, entry: object) -> Act:
        if not isinstance(entry, Mapping):
            self._note(path, "an act is a mapping with at, title and watch_for")
            entry = {}
        self._keys(path, entry, ("at", "title", "watch_for"))
        return Act(
            at_s=self._value(path, entry, "at", parse_duration_s, 0.0),
            title=self._value(path, entry, "title", text, ""),
            watch_for=self._value(path, entry, "watch_for", text, ""),
        )

    # --- what every part needs ---

    def _value(
        self,
        path: KeyPath,
        entry: Mapping[str, Any],
        key: str,
        parse: Callable[[object], _T],
        default: _D,
    ) -> _T | _D:
        if key not in entry:
            return default
        try:
            return parse(entry[key])
        except ValueError as error:
            self._note((*path, key), str(error))
            return default

    def _word(
        self,
        path: KeyPath,
        entry: Mapping[str, Any],
        key: str,
        words: type[_Word],
        default: _Word | None,
    ) -> _Word | None:
        value = entry.get(key, default)
        try:
            return words(value)
        except ValueError:
            known = ", ".join(word.value for word in words)
            place = (*path, key) if key in entry else path
            self._note(place, f'`{key}` is "{value}"; it must be one of {known}')
            return None

    def _sequence(self, path: KeyPath, value: object) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        self._note(path, "write a list: [one, two]")
        return ()

    def _keys(self, path: KeyPath, entry: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in entry:
            if key not in known and key not in INFORMATIVE:
                self._note(
                    (*path, key), f'the key "{key}" is not known here; use {", ".join(known)}'
                )

    def _note(self, path: KeyPath, what: str) -> None:
        self._mistakes.append(self._lines.mistake(path, what))
