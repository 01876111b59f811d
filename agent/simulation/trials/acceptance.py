"""The table of promises: every case with its limit, in the order in which people ask.

Limits are for 145 offices at two runs a second of each service, in the world of
:mod:`agent.simulation.trials.world`, which is an assumption until a real month is fitted to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.core.model import Channel, Scope
from agent.simulation.trials.case import Case
from agent.simulation.trials.ending import Creep, End
from agent.simulation.trials.load import Load
from agent.simulation.trials.soon import Soon
from agent.simulation.trials.untold import Blip, Flap
from agent.simulation.trials.years import Years

_FAILING = (
    # share of the offices, share of their runs that fail, seconds at the 95th percentile
    (1.0, 1.0, 25.0),
    (1.0, 0.5, 35.0),
    (1.0, 0.2, 65.0),
    (0.5, 1.0, 35.0),
    (0.5, 0.5, 52.0),
    (0.5, 0.2, 120.0),
    (0.3, 1.0, 45.0),
    (0.3, 0.5, 75.0),
    (0.1, 1.0, 105.0),
    (0.1, 0.5, 240.0),
    (0.1, 0.2, None),
)


QUIET_YEARS = Years(name="years of nuisance", trials=20, most_per_year=0.2, light=True)


def everything() -> Iterator[Case]:
    """All cases."""
    yield from delays()
    yield from disturbed()
    yield from untold()
    yield from regional()
    yield from ends()
    yield from nuisance()
    yield from sizes()


def delays() -> Iterator[Case]:
    """How soon, by how much fails and where."""
    for share, p1, limit_s in _FAILING:
        yield Soon(name=f"outage: f={share:g}, p1={p1:g}", share=share, p1=p1, limit_s=limit_s)
    for share, limit_s in ((1.0, 55.0), (0.5, 105.0)):
        yield Soon(
            name=f"slow 1 % to 30 %: f={share:g}",
            share=share,
            p1=0.3,
            limit_s=limit_s,
            channel=Channel.SLOW,
        )


def disturbed() -> Iterator[Case]:
    """How soon when something else is wrong as well."""
    yield Soon(
        name="f=0.5 beside a regional outage", share=0.5, p1=1.0, limit_s=35.0, beside_region=True
    )
    yield Soon(name="no focus: f=1, p1=1", p1=1.0, limit_s=35.0, focus=False)
    yield Soon(name="no focus: f=0.5, p1=1", share=0.5, p1=1.0, limit_s=48.0, focus=False)
    yield Soon(name="half of the results missing: f=1", p1=1.0, limit_s=35.0, lost_share=0.5)
    for share in (1.0, 0.5):
        yield Load(
            name=f"load in an outage: f={share:g}",
            share=share,
            hottest_per_s=8.2,
            after_per_s=2.1,
        )
    yield Creep(name="creeping, an office every 15 minutes", most_share=0.15)


def untold() -> Iterator[Case]:
    """What is not told, and what is told once."""
    yield Blip(name="blip of 10 s", lasting_s=10.0, most_share=0.0)
    yield Blip(name="two blips of 8 s", lasting_s=8.0, most_share=0.03, double=True)
    yield Blip(name="outage of 25 s", lasting_s=25.0, least_share=0.99)
    yield Flap(name="60 s on, 60 s off for 20 minutes", on_s=60.0, off_s=60.0)


def regional() -> Iterator[Case]:
    """Five to twelve offices of a province or carrier."""
    for p1, limit_s in ((1.0, 90.0), (0.5, 200.0)):
        yield Soon(
            name=f"regional outage: p={p1:g}",
            p1=p1,
            limit_s=limit_s,
            scope=Scope.REGIONAL,
            horizon_s=2400.0,
            least_share=0.98,
        )


def ends() -> Iterator[Case]:
    """Incidents of half an hour."""
    for share in (1.0, 0.5, 0.3):
        for p1 in (1.0, 0.5):
            yield End(name=f"end of 30 minutes: f={share:g}, p1={p1:g}", share=share, p1=p1)


def nuisance() -> Iterator[Case]:
    """False nationals, and the load of quiet years."""
    yield QUIET_YEARS
    for liars in (1, 2, 3):
        yield Years(
            name=f"a year with {liars} offices that always fail",
            trials=1,
            most_per_year=1.2,
            liars=liars,
        )
    yield Years(name="years of nuisance, slow channel", trials=2, channel=Channel.SLOW)
    yield Years(name="years of nuisance, the real provinces", trials=2, setting="real")
    yield Years(name="years of nuisance, N=1000", trials=1, setting="1000")


def sizes() -> Iterator[Case]:
    """Other rosters and other budgets: reported, but for a large roster at the usual budget."""
    for setting in ("20", "1000"):
        for base in (1.0, 2.0, 4.0):
            promised = (setting, base) == ("1000", 2.0)
            yield Soon(
                name=f"N={setting}, R={base:g}: f=1, p1=1",
                p1=1.0,
                setting=setting,
                base_runs_per_s=base,
                limit_s=25.0 if promised else None,
                trials=40,
            )
    for base in (1.0, 4.0):
        yield Soon(name=f"R={base:g}: f=0.5, p1=1", share=0.5, p1=1.0, base_runs_per_s=base)
