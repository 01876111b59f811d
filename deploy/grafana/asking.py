"""What the dashboards ask Prometheus for: the expressions that several panels share.

What an agent repeats of the nation counts only while it hears the leader, as in the alerting rules;
what the leader alone says of each office is taken once, though two may lead for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

GOOD, UNSURE, BAD, AWAY = "green", "yellow", "red", "text"
Words = dict[str, tuple[str, str]]
"""By value: the word that is shown, and its colour."""

OFFICE_SAYS: Words = {
    "-1": ("no word", AWAY),
    "0": ("good", GOOD),
    "1": ("slow", UNSURE),
    "2": ("failing", BAD),
    "3": ("changed contract", "purple"),
}
AN_OFFICE_IS: Words = {
    **OFFICE_SAYS,
    "4": ("abstaining", "orange"),
    "5": ("silent", "blue"),
    "6": ("maintenance", "semi-dark-blue"),
    "7": ("unheard", AWAY),
}
"""Its worst word while it reports, else why it has no vote."""
NATION_SAYS: Words = {
    "0": ("normal", GOOD),
    "1": ("suspected", UNSURE),
    "2": ("regional", "orange"),
    "3": ("national", BAD),
    "4": ("recovering", "blue"),
    "5": ("affected", "purple"),
    "6": ("unknown", AWAY),
}
EXCHANGE_IS: Words = {
    "0": ("joined", GOOD),
    "1": ("degraded", UNSURE),
    "2": ("standalone", BAD),
}
YES_NO: Words = {"0": ("no", BAD), "1": ("yes", GOOD)}
NO_YES: Words = {"0": ("no", GOOD), "1": ("yes", UNSURE)}

CHOSEN_OFFICE = 'instance=~"$instance"'
CHOSEN_SERVICE = 'service="$service"'
CHOSEN_PROVINCE = 'province=~"$province"'
FAILS = 2
"""From this word of an office on, the service is broken there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One expression, and how its series are called in the legend or its column in a table."""

    expr: str
    legend: str = ""


def heard(told: str) -> str:
    """What agents repeat of the nation, from those that heard the leader within a minute."""
    lately = "(time() - pantau_leader_heard_timestamp_seconds < 60)"
    return f"({told} and on (instance) {lately})"


def nation_says(chosen: str = "") -> str:
    """The state of each service as one number, in the order of ``NATION_SAYS``.

    One state of an agent holds, so the sum is that one; of agents that differ the highest counts.
    """
    return f"max by (service) ({heard(_numbered('pantau_service_state', NATION_SAYS, chosen))})"


def exchange_is(chosen: str = "") -> str:
    """How each agent takes part in the exchange, in the order of ``EXCHANGE_IS``."""
    return _numbered("pantau_exchange_state", EXCHANGE_IS, chosen, "instance")


def _numbered(metric: str, words: Words, chosen: str, by: str = "service, instance") -> str:
    """One number for a metric with a series for each state, of which the one that holds is 1."""
    told = (
        f"{number} * sum by ({by}) ({metric}{{{_all(_is(word), chosen)}}})"
        for number, (word, _) in words.items()
    )
    return f"({' + '.join(told)})"


def _is(state: str) -> str:
    return f'state="{state}"'


def _all(*matchers: str) -> str:
    return ", ".join(each for each in matchers if each)


def worst_word(chosen: str = "") -> str:
    """What each office says of the chosen services, or of the worst of all, at the leader."""
    return f"max by (office) (pantau_office_service_state{{{chosen}}})"


def office_is() -> str:
    """By office: one number, of ``AN_OFFICE_IS``."""
    numbers = {word: number for number, (word, _) in AN_OFFICE_IS.items()}
    away = (
        f'{numbers[word]} * max by (office) (pantau_office_attendance{{attendance="{word}"}})'
        for word in ("abstaining", "silent", "maintenance", "unheard")
    )
    reports = 'pantau_office_attendance{attendance="reporting"}'
    return " or ".join((f"({worst_word()} and on (office) {reports})", *away))


def by_province(one_if: str, chosen: str = "") -> str:
    """Of how many offices of each province ``one_if`` is true: 1 or 0 by office."""
    places = _places("office, province", chosen)
    return f"sum by (province) ({places} * on (office) group_left () ({one_if}))"


def with_place(of_offices: str, chosen: str = "") -> str:
    """An expression by office, with the office's name and province."""
    places = _places("office, name, province", chosen)
    return f"({of_offices}) * on (office) group_left (name, province) {places}"


def _places(by: str, chosen: str = "") -> str:
    """One place for each office, though two leaders may name or place it differently.

    A second one would make each join on it, and so the whole panel, an error.
    """
    return f"topk by (office) (1, max by ({by}) (pantau_office_info{{{chosen}}}))"


def by_branch(of_agents: str, chosen: str = "") -> str:
    """An expression of scraped agents, with the office whose agent each is."""
    return f"({of_agents}) * on (instance) group_left (branch) pantau_branch_info{{{chosen}}}"


def of_service(of_steps: str) -> str:
    """An expression by journey and step, of the steps that exercise the chosen service alone."""
    return (
        f"{of_steps} * on (instance, journey, step) group_left ()"
        f" pantau_step_info{{{CHOSEN_SERVICE}}}"
    )


def offices(attendance: str) -> str:
    """How many take part in that way, of the leader's bulletin."""
    told = f'pantau_branches{{attendance="{attendance}"}}'
    return f"max({heard(told)})"


def rate(counter: str, chosen: str = "") -> str:
    """Of a counter, over what Grafana takes for a short while."""
    return f"rate({counter}{{{chosen}}}[$__rate_interval])"


def since(counter: str, chosen: str = "") -> str:
    """How much a counter grew in the range that is shown."""
    return f"increase({counter}{{{chosen}}}[$__range])"
