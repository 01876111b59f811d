"""Offices in different weather, for tests of the pages and to look at in a browser."""

from __future__ import annotations

from dataclasses import replace

from agent.core import evidence, explanation, vocabulary
from agent.core.explanation import Explanation
from agent.core.model import (
    Branch,
    Bulletin,
    IncidentSummary,
    Names,
    Outcome,
    PlannedNotice,
    Scope,
    ServiceState,
    Severity,
    Sight,
)
from agent.core.tuning import Tuning
from agent.core.view import ExchangeState, OfficeView, ServiceView

NOW_S = 1_561_425_000.0
"""Tuesday 25 June 2019, 08.10 WIB."""
JEMBER = Branch(
    id="jember",
    name="Kantor Imigrasi Kelas I TPI Jember",
    province="Jawa Timur",
    island="Jawa",
    zone="Asia/Jakarta",
)
BROKEN = ("simponi.billing", "mpn.status", "alokasi", "cetak")
AFFECTED = BROKEN[1:]

INCIDENT = IncidentSummary(
    id="incident.national.all.simponi.billing@3841",
    scope=Scope.NATIONAL,
    group="all",
    root="simponi.billing",
    severity=Severity.DEGRADED,
    phase="open",
    since_s=NOW_S - 1200,
    failing=118,
    reporting=140,
    affected=AFFECTED,
)


def _service(name: str, outcome: Outcome) -> ServiceView:
    return ServiceView(
        service=name,
        outcome=outcome,
        at_s=NOW_S - 12,
        since_s=NOW_S - 1200,
        in_a_row=9,
        reason="" if outcome is Outcome.OK else "HTTP 503; expected: a billing code",
    )


def bulletin(states: dict[str, ServiceState], *incidents: IncidentSummary) -> Bulletin:
    return Bulletin(
        term=7,
        leader="semarang",
        nation="r12:9f3c01ab",
        at_s=NOW_S,
        services=dict.fromkeys(vocabulary.SERVICES, ServiceState.NORMAL) | states,
        incidents=incidents,
        roster=145,
        reporting=140,
        silent=Names(count=4, first=("sorong", "merauke", "biak")),
        mismatched=Names(count=1, first=("wamena",)),
    )


CALM = OfficeView(
    branch=JEMBER,
    now_s=NOW_S,
    version="0.1.0",
    sight=Sight(front="answers"),
    services=tuple(_service(name, Outcome.OK) for name in vocabulary.SERVICES),
    exchange=ExchangeState.JOINED,
    bulletin=bulletin({}),
    bulletin_age_s=4.0,
    runbook_url="https://runbook.example.invalid/pantau",
)

NATIONAL = replace(
    CALM,
    services=tuple(
        replace(_service(name, Outcome.VOID), blocked_by="simponi.billing")
        if name in AFFECTED
        else _service(name, Outcome.FAIL if name in BROKEN else Outcome.OK)
        for name in vocabulary.SERVICES
    ),
    bulletin=bulletin(
        {"simponi.billing": ServiceState.NATIONAL} | dict.fromkeys(AFFECTED, ServiceState.AFFECTED),
        INCIDENT,
    ),
)

_DRIFTING = bulletin(
    {"simponi.billing": ServiceState.NATIONAL} | dict.fromkeys(AFFECTED, ServiceState.AFFECTED),
    replace(INCIDENT, drifted=True),
)
DRIFTED = replace(
    NATIONAL,
    services=tuple(
        replace(each, outcome=Outcome.DRIFT) if each.outcome is Outcome.FAIL else each
        for each in NATIONAL.services
    ),
    bulletin=replace(_DRIFTING, drifted=("simponi.billing",)),
)
"""The same root answers, in another shape."""

UNTIL_S = NATIONAL.now_s + 3600.0
PLANNED = replace(
    NATIONAL,
    bulletin=replace(
        bulletin({"simponi.billing": ServiceState.NATIONAL}),
        planned=(PlannedNotice(id="night", until_s=UNTIL_S, services=("simponi.billing",)),),
    ),
)
"""The same fault, while it is planned: it is no incident."""

ALONE = replace(NATIONAL, exchange=ExchangeState.STANDALONE, bulletin=None, bulletin_age_s=None)
"""The same fault at an office that hears nobody."""

STALE = replace(NATIONAL, exchange=ExchangeState.DEGRADED, bulletin_age_s=31.0)

WITHOUT_A_CONTROL = replace(
    CALM,
    sight=Sight(
        controls=("dns 9.9.9.9:53",), failing=("dns 9.9.9.9:53",), ignored=("dns 9.9.9.9:53",)
    ),
    bulletin=replace(
        bulletin({}), controls_ignored=("dns 9.9.9.9:53", "tcp elsewhere.example:443")
    ),
)
"""A public resolver is down for everybody, and something else that this office does not use."""

BLIND = replace(
    CALM,
    bulletin=replace(
        bulletin(dict.fromkeys(vocabulary.SERVICES, ServiceState.UNKNOWN)),
        blind=True,
        reporting=58,
        silent=Names(count=87, first=("sorong", "merauke", "biak")),
    ),
)
"""Most offices are not heard."""

CUT_OFF = replace(ALONE, sight=Sight(sees=False, why_not="gateway and resolver do not answer"))

_EVIL = '<img src=x onerror=alert(1)>"\u202e\x1b[31m\x00'
EVIL = replace(
    NATIONAL,
    branch=replace(JEMBER, id="jember", name=_EVIL),
    services=(replace(_service(_EVIL, Outcome.FAIL), reason=_EVIL * 99, blocked_by=_EVIL),),
    bulletin=replace(
        bulletin({}, replace(INCIDENT, root=_EVIL, id=_EVIL, affected=(_EVIL,))),
        leader=_EVIL,
        nation=_EVIL,
        silent=Names(count=9, first=(_EVIL,)),
        controls_ignored=(_EVIL,),
    ),
    sight=Sight(sees=True, front=_EVIL, controls=(_EVIL,), failing=(_EVIL,), ignored=(_EVIL,)),
    version=_EVIL,
    runbook_url="javascript:alert(1)",
    grafana_url='https://grafana.example.invalid/"><script>',
)
"""Every text that comes from outside is hostile."""

ALL = {
    "calm": CALM,
    "national": NATIONAL,
    "drifted": DRIFTED,
    "planned": PLANNED,
    "alone": ALONE,
    "stale": STALE,
    "blind": BLIND,
    "cut-off": CUT_OFF,
    "without-a-control": WITHOUT_A_CONTROL,
    "evil": EVIL,
}


def explain(view: OfficeView, service: str) -> Explanation | None:
    """What an office that does not lead says of one of its services."""
    if not any(each.service == service for each in view.services):
        return None
    return explanation.compose(
        view,
        service,
        memory=evidence.fresh(Tuning()),
        tuning=Tuning(),
        now_s=100.0,
        account=None,
    )
