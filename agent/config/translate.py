"""The nation's file in the words of the core."""

from __future__ import annotations

from agent.config.nation import Nation
from agent.core.model import Branch, Routes, Service
from agent.core.tuning import Tuning


def branches(nation: Nation) -> tuple[Branch, ...]:
    """The roster, in its order."""
    return tuple(
        Branch(
            id=office.id,
            name=office.name,
            province=office.province,
            island=office.island,
            zone=office.zone,
            carrier=office.carrier,
            egress=office.egress,
            weight=office.weight,
            hub=office.hub,
        )
        for office in nation.roster
    )


def services(nation: Nation) -> tuple[Service, ...]:
    """What is watched, with its graph, in its order."""
    return tuple(
        Service(
            id=service.id,
            name_id=service.name.id,
            name_en=service.name.en,
            needs=service.needs,
            sign_in=service.sign_in,
        )
        for service in nation.services
    )


def tuning(nation: Nation) -> Tuning:
    """The detector's numbers, overridden where the nation says so."""
    return nation.tuning.whole


def routes(nation: Nation) -> Routes:
    """Which Slack channel hears of what."""
    slack = nation.slack
    return Routes(
        main=slack.main,
        slow=slack.slow,
        regional=slack.regional,
        fallback=slack.fallback,
        mention=slack.mention,
        by_service=dict(slack.by_service),
    )
