"""Since when which office takes no part, as one leader sees it; and the digest made of that.

A leader that begins finds offices missing and does not know for how long: it says "earlier than".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from agent.core.digest import NAMES_KEPT, Absence, Absent, Absentees, Digest, DigestPlan
from agent.core.incident import Change, Delivery, Incident, Message, Phase
from agent.core.model import NATION, Branch, Scope, Severity
from agent.core.nation import Outlook

ROOT = "pantau.digest"
PREFIX = "digest."

Why = Callable[[str], str]
"""From an office's id to why it cannot see."""


class Absences:
    """Keeps who is missing how; one instance per term."""

    def __init__(self, branches: Mapping[str, Branch], plan: DigestPlan) -> None:
        self._branches = branches
        self._plan = plan
        self._since_s: dict[tuple[Absence, str], float] = {}
        self._began_s: float | None = None
        self._own: dict[str, list[str]] = {}
        """Office -> services on which it does not vote."""

    def look(self, outlook: Outlook) -> None:
        """Note who is missing at the time of ``outlook``."""
        self._own = _own_troubles(outlook)
        now = set(self._kinds(outlook))
        before = self._since_s
        self._since_s = {each: before.get(each, outlook.at_s) for each in now}
        if self._began_s is None and not outlook.attendance.unheard:
            self._began_s = outlook.at_s

    def _kinds(self, outlook: Outlook) -> Iterable[tuple[Absence, str]]:
        """Every office once, but for what says nothing of whether it is there."""
        who, at_s = outlook.attendance, outlook.at_s
        away = {*who.silent, *who.maintenance}
        yield from ((Absence.MAINTENANCE, each) for each in who.maintenance)
        for each in set(who.silent) - set(who.maintenance):
            closed = self._plan.closed(self._branches, each, at_s)
            yield (Absence.CLOSED if closed else Absence.SILENT), each
        yield from ((Absence.ABSTAINING, each) for each in who.abstaining if each not in away)
        yield from ((Absence.MISMATCHED, each) for each in who.mismatched if each not in away)
        yield from ((Absence.OWN_TROUBLE, each) for each in self._own if each not in away)

    def digest(self, outlook: Outlook, why: Why) -> Digest:
        """What is to be told now, after a look at this very ``outlook``."""
        kinds = (self._absentees(kind, why) for kind in Absence)
        return Digest(
            at_s=outlook.at_s,
            zone=self._plan.zone,
            roster=outlook.attendance.roster,
            reporting=len(outlook.attendance.reporting),
            absent=tuple(each for each in kinds if each.count),
        )

    def _absentees(self, kind: Absence, why: Why) -> Absentees:
        """Those who have been missing longest come first."""
        missing = [(since_s, each) for (of, each), since_s in self._since_s.items() if of is kind]
        missing.sort()
        told = (self._absent(kind, each, since_s, why) for since_s, each in missing[:NAMES_KEPT])
        return Absentees(kind=kind, count=len(missing), first=tuple(told))

    def _absent(self, kind: Absence, branch: str, since_s: float, why: Why) -> Absent:
        known = self._branches.get(branch)
        reason = why(branch) if kind is Absence.ABSTAINING else ""
        if kind is Absence.OWN_TROUBLE:
            reason = ", ".join(self._own.get(branch, ()))
        return Absent(
            name=(known.name if known is not None else branch)[:_NAME],
            since_s=round(since_s),
            earlier=self._began_s is None or since_s <= self._began_s,
            why=reason[:_WHY],
        )


_NAME, _WHY = 60, 80


def _own_troubles(outlook: Outlook) -> dict[str, list[str]]:
    own: dict[str, list[str]] = {}
    for service, assessment in outlook.assessments.items():
        for branch in assessment.quarantined:
            own.setdefault(branch, []).append(service)
    return own


def record_name(day: str) -> str:
    """The exchange's name for the digest of a day, ``yyyymmdd``."""
    return f"{PREFIX}{day}"


def begin(digest: Digest, day: str, plan: DigestPlan, *, term: int) -> Incident:
    """The record of a digest: closed from the start, with one message that is to be told.

    It is an incident's, so that it is claimed, posted, looked for and swept in the same way. One
    that nobody needs to read is recorded all the same: the day has had its digest.
    """
    told = plan.quiet_days or not digest.all_well
    root = Message(
        sequence=0,
        change=Change.OPENED,
        at_s=digest.at_s,
        channel=plan.channel or "",
        delivery=Delivery.PENDING if told else Delivery.COVERED,
    )
    return Incident(
        name=record_name(day),
        opening=0,
        term=term,
        scope=Scope.NATIONAL,
        group=NATION,
        root=ROOT,
        severity=Severity.SLOW,
        phase=Phase.CLOSED,
        channels=(),
        since_s=digest.at_s,
        opened_s=digest.at_s,
        closed_s=digest.at_s,
        messages=(root,),
        digest=digest,
    )
