"""Where the fault of one run most likely lies: one of seven places, and why.

A hint for the person who looks at one office, and never a vote: the nation's verdict is made from
all offices' results alone. The table below is read from the top, and the first row that fits
speaks. What would make everything else worthless comes first: an agent that doubts itself, then an
office that cannot see. A refused credential is told as such whatever the nation says, for all the
probes' credentials may have been refused. Then the leader's word, who sees more than one office
can; and only then what the run itself and the front control of the centre show.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from agent.core.groups import ROSTER, group_id
from agent.core.model import (
    Branch,
    Failure,
    FailureKind,
    IncidentSummary,
    Outcome,
    Run,
    Scope,
    Sight,
    StepFacts,
    Verdict,
)
from agent.core.vocabulary import Words


class Blame(StrEnum):
    """Where the fault lies. A closed set: it labels a metric."""

    LINE = "line"
    """This office's own line."""
    REGION = "region"
    """Its carrier or region: other offices there have it too."""
    PATH = "path"
    """Between a line that carries and the edge of the centre."""
    CENTRE = "centre"
    """The centre's service."""
    AGENT = "agent"
    """The agent itself: clock, throttled CPU, late loop, a bug of the probe."""
    CREDENTIALS = "credentials"
    """The probe's credentials or its test data."""
    INCONCLUSIVE = "inconclusive"

    @property
    def words(self) -> Words:
        """As people read it."""
        return _WORDS[self]


_WORDS = {
    Blame.LINE: Words("jaringan kantor ini", "this office's line"),
    Blame.REGION: Words("operator jaringan atau wilayah ini", "its carrier or region"),
    Blame.PATH: Words("jalur menuju pusat", "the path to the centre"),
    Blame.CENTRE: Words("layanan pusat", "the centre's service"),
    Blame.AGENT: Words("agen pemantau sendiri", "the agent itself"),
    Blame.CREDENTIALS: Words("kredensial atau data uji", "credentials or test data"),
    Blame.INCONCLUSIVE: Words("belum dapat disimpulkan", "inconclusive"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """The word for one run, and why."""

    blame: Blame
    why: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What speaks for one place or another."""

    sight: Sight
    facts: StepFacts | None = None
    """The step that broke, else the one that was slow; None: the run says nothing."""
    doubts: bool = False
    """The agent doubts itself."""
    role: str | None = None
    """The target that the step asked."""
    told: Scope | None = None
    """How wide the leader says that this very trouble is; None: it says nothing of it."""

    @property
    def failure(self) -> Failure | None:
        """How the step broke; None: it was slow."""
        return self.facts.failure if self.facts is not None else None

    def broke(self, *kinds: FailureKind) -> bool:
        """The step broke in one of these ways."""
        return self.failure is not None and self.failure.kind in kinds

    @property
    def refused(self) -> bool:
        """The centre understood what was asked, and finds it wrong."""
        return self.failure is not None and self.failure.status in _REFUSALS

    @property
    def no_answer(self) -> bool:
        """The step ended without a whole answer of HTTP."""
        return self.broke(*_NO_ANSWER)

    @property
    def edge(self) -> bool | None:
        """Whether the front control of what was asked answers; None: there is none."""
        if self.sight.edges:
            return dict(self.sight.edges).get(self.role or "")
        return None if self.sight.front is None else self.sight.front == "answers"

    @property
    def slow_on_the_way(self) -> bool:
        """A slow step spent most of its requests' time before anything could be asked."""
        before, whole = self._phases()
        return self.failure is None and whole > 0 and 2 * before > whole

    @property
    def slow_at_work(self) -> bool:
        """A slow step spent most of its requests' time waiting for answers and reading them."""
        before, whole = self._phases()
        return self.failure is None and whole > 0 and 2 * before <= whole

    def _phases(self) -> tuple[float, float]:
        if self.facts is None:
            return 0.0, 0.0
        spent = self.facts.phases
        whole = sum(float(getattr(spent, each.name)) for each in fields(spent))
        return spent.resolve_s + spent.connect_s + spent.tls_s, whole


_NO_ANSWER = (
    FailureKind.REFUSED,
    FailureKind.RESET,
    FailureKind.TIMEOUT,
    FailureKind.TLS,
)
_ANSWERED_WRONG = (
    FailureKind.HTTP,
    FailureKind.CONTRACT,
    FailureKind.UNEXPECTED,
    FailureKind.FLOW,
    FailureKind.PROTOCOL,
)
_REFUSALS = (400, 404, 405, 409, 410, 415, 422)
"""What a server says to a request that it takes for a mistake of whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    blame: Blame
    fits: Callable[[Clues], bool]
    why: Words


TABLE = (
    Row(
        blame=Blame.AGENT,
        fits=lambda clues: clues.doubts,
        why=Words(
            "agen ini sendiri terlambat atau jamnya bergeser selama pemeriksaan",
            "the agent was itself too slow, or its clock stepped, during the run",
        ),
    ),
    Row(
        blame=Blame.LINE,
        fits=lambda clues: not clues.sight.sees,
        why=Words(
            "titik uji di sekitar kantor ini tidak menjawab",
            "what is near this office does not answer either",
        ),
    ),
    Row(
        blame=Blame.AGENT,
        fits=lambda clues: clues.broke(FailureKind.BUG),
        why=Words("langkah pemeriksaan ini sendiri keliru", "the probe itself has a bug"),
    ),
    Row(
        blame=Blame.CREDENTIALS,
        fits=lambda clues: clues.broke(FailureKind.AUTH) and clues.told is Scope.NATIONAL,
        why=Words(
            "kredensial ditolak di kantor-kantor seluruh Indonesia: kredensial pemantau atau "
            "layanan masuk itu sendiri",
            "credentials are refused at offices nationwide: the probes' own, or the sign-in itself",
        ),
    ),
    Row(
        blame=Blame.CREDENTIALS,
        fits=lambda clues: clues.broke(FailureKind.AUTH),
        why=Words("kredensial agen ini ditolak", "the credentials of this probe are refused"),
    ),
    Row(
        blame=Blame.CENTRE,
        fits=lambda clues: clues.told is Scope.NATIONAL,
        why=Words(
            "gangguan nasional layanan ini sedang terbuka",
            "a national incident of this service is open",
        ),
    ),
    Row(
        blame=Blame.REGION,
        fits=lambda clues: clues.told is Scope.REGIONAL,
        why=Words(
            "kantor lain di wilayah atau dengan operator yang sama mengalaminya juga",
            "other offices of this region or carrier have it too",
        ),
    ),
    Row(
        blame=Blame.CREDENTIALS,
        fits=lambda clues: clues.refused,
        why=Words(
            "pusat menjawab dan menolak isi permintaan: data uji atau alamatnya",
            "the centre answers and refuses what was asked: the test data or the address",
        ),
    ),
    Row(
        blame=Blame.PATH,
        fits=lambda clues: clues.broke(FailureKind.RESOLVE),
        why=Words(
            "nama layanan pusat tidak ditemukan, padahal jaringan kantor ini berfungsi",
            "the name of the centre is not found, though this office's line carries",
        ),
    ),
    Row(
        blame=Blame.PATH,
        fits=lambda clues: clues.no_answer and clues.edge is False,
        why=Words(
            "gerbang pusat juga tidak menjawab, padahal jaringan kantor ini berfungsi",
            "the edge of the centre does not answer either, though this office's line carries",
        ),
    ),
    Row(
        blame=Blame.CENTRE,
        fits=lambda clues: clues.no_answer and clues.edge is True,
        why=Words(
            "gerbang pusat menjawab, layanan di belakangnya tidak",
            "the edge of the centre answers, the service behind it does not",
        ),
    ),
    Row(
        blame=Blame.CENTRE,
        fits=lambda clues: clues.broke(*_ANSWERED_WRONG),
        why=Words(
            "layanan itu sendiri menjawab dengan kesalahan",
            "the service itself answered, and answered wrong",
        ),
    ),
    Row(
        blame=Blame.PATH,
        fits=lambda clues: clues.slow_on_the_way,
        why=Words(
            "waktunya habis untuk menyambung, bukan menunggu jawaban",
            "its time went into connecting, not into waiting for an answer",
        ),
    ),
    Row(
        blame=Blame.CENTRE,
        fits=lambda clues: clues.slow_at_work,
        why=Words(
            "waktunya habis menunggu jawaban layanan itu",
            "its time went into waiting for the service's answer",
        ),
    ),
    Row(
        blame=Blame.INCONCLUSIVE,
        fits=lambda _: True,
        why=Words("petunjuknya belum cukup", "there is not enough to go by"),
    ),
)
"""Read from the top; the last row always fits."""


def decide(clues: Clues) -> Blamed:
    """The first row of the table that fits."""
    row = next(row for row in TABLE if row.fits(clues))
    return Blamed(blame=row.blame, why=row.why)


def of_run(
    run: Run,
    verdicts: Sequence[Verdict],
    sight: Sight,
    *,
    doubt: str | None = None,
    incidents: Sequence[IncidentSummary] = (),
    groups: Collection[str] = (ROSTER,),
) -> Blamed | None:
    """Where the fault of a run lies; None: it has none, and may be believed.

    ``doubt`` is why the agent doubts itself, ``incidents`` are those that a leader who was heard
    lately has open, and ``groups`` those that this office belongs to, by :func:`groups_of`.
    """
    facts = _worst(run, verdicts)
    if facts is None and sight.sees and doubt is None:
        return None
    told = None if facts is None else _told(facts.service, incidents, groups)
    roles = {step.id: step.role for step in run.declared}
    role = None if facts is None else roles.get(facts.step)
    return decide(Clues(sight=sight, facts=facts, doubts=doubt is not None, role=role, told=told))


def groups_of(branch: Branch) -> frozenset[str]:
    """Every group that an incident below the nation may be of, and that holds this office."""
    named = {
        "province": branch.province,
        "carrier": branch.carrier,
        "egress": branch.egress,
        "island": branch.island,
    }
    return frozenset((ROSTER, *(group_id(kind, name) for kind, name in named.items() if name)))


def _worst(run: Run, verdicts: Sequence[Verdict]) -> StepFacts | None:
    """The facts of the step that broke first, else of the first slow one."""
    slow = {verdict.step for verdict in verdicts if verdict.outcome is Outcome.SLOW}
    broken = (facts for facts in run.executed if facts.failure is not None)
    return next(broken, next((facts for facts in run.executed if facts.step in slow), None))


def _told(
    service: str, incidents: Sequence[IncidentSummary], groups: Collection[str]
) -> Scope | None:
    """The widest open incident that this service belongs to, of those that reach this office."""
    scopes = {
        each.scope
        for each in incidents
        if service in (each.root, *each.affected)
        and (each.scope is Scope.NATIONAL or each.group in groups)
    }
    return next((scope for scope in Scope if scope in scopes), None)
