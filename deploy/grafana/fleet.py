"""Agent fleet: whether the agents themselves are well, and what they deliver."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.models import units

from deploy.grafana.asking import (
    EXCHANGE_IS,
    NO_YES,
    YES_NO,
    Asked,
    by_branch,
    exchange_is,
    heard,
    offices,
    rate,
    since,
)
from deploy.grafana.boards import board
from deploy.grafana.parts import (
    HALF,
    OFFICE_OF_LINE,
    OFFICE_OF_ROW,
    Column,
    lines,
    listed,
    number,
    states,
)

BRANCH = "{{branch}}"


def fleet() -> Dashboard:
    """All agents that are scraped."""
    made = board("pantau-fleet", "Pantau: agent fleet", "Whether the agents are well.")
    _sorts(made)
    _configuration(made)
    made.with_row(Row("Exchange and leader"))
    _exchange(made)
    made.with_row(Row("Delivery"))
    _delivery(made)
    made.with_row(Row("Loss and lag"))
    _lag(made)
    _process(made)
    return made


def _sorts(made: Dashboard) -> None:
    for title, said, expr in (
        ("Agents scraped", "That answer.", 'sum(up{job="pantau"})'),
        ("Joined", "Of those, the part that the exchange has.", _joined()),
        ("Leaders", "One, but for moments.", "sum(pantau_leader)"),
        ("Other configuration", "Offices under another than the leader's.", offices("mismatched")),
    ):
        unit = units.PercentUnit if title == "Joined" else units.Short
        made.with_panel(number(title, said, unit, Asked(expr=expr)))
    made.with_panel(
        listed(
            "Versions",
            "How many agents run each.",
            "version",
            Column(asked=_count("version, python", "pantau_build_info")),
        )
    )
    made.with_panel(
        listed(
            "Configuration",
            "How many agents have which revision and hash of the nation's file in force.",
            "nation",
            Column(asked=_count("nation", "pantau_config_info")),
        )
    )


def _joined() -> str:
    return 'avg(pantau_exchange_state{state="joined"})'


def _count(by: str, metric: str) -> Asked:
    return Asked(expr=f"count by ({by}) ({metric})", legend="agents")


def _configuration(made: Dashboard) -> None:
    made.with_panel(
        listed(
            "Offices under another configuration",
            "As the leader names them; a click opens the office.",
            "office",
            Column(
                asked=Asked(
                    expr=f"max by (office) ({heard('pantau_branch_mismatched')})", legend="differs"
                ),
                words=NO_YES,
            ),
            opens=[OFFICE_OF_ROW],
        )
    )
    made.with_panel(
        listed(
            "Last reading of the configuration",
            "Whether it was good, and when good configuration was last taken into force.",
            "branch",
            Column(
                asked=Asked(expr=_own("pantau_config_last_reload_successful"), legend="good"),
                words=YES_NO,
            ),
            Column(
                asked=Asked(
                    expr=_own("1000 * pantau_config_last_reload_success_timestamp_seconds"),
                    legend="in force since",
                ),
                unit=units.DateTimeFromNow,
            ),
        )
    )


def _own(of_agents: str) -> str:
    return f"max by (branch) ({by_branch(of_agents)})"


def _exchange(made: Dashboard) -> None:
    made.with_panel(
        states(
            "Exchange",
            "How each agent takes part; a click opens the office.",
            EXCHANGE_IS,
            Asked(expr=_own(exchange_is()), legend=BRANCH),
            12,
            width=HALF,
            opens=[OFFICE_OF_LINE],
        )
    )
    made.with_panel(
        states(
            "Leader",
            "Which hub leads.",
            NO_YES,
            Asked(
                expr="(pantau_leader) * on (instance) group_left (branch)"
                ' pantau_branch_info{hub="true"}',
                legend=BRANCH,
            ),
            12,
            width=HALF,
        )
    )
    made.with_panel(
        lines(
            "Term",
            "The newest that each agent knows.",
            units.Short,
            Asked(expr=_own("pantau_term"), legend=BRANCH),
            opens=[OFFICE_OF_LINE],
        )
    )
    made.with_panel(
        lines(
            "Leader last heard",
            "How long ago; agents that never heard one are left out.",
            units.Seconds,
            Asked(expr=_own("time() - (pantau_leader_heard_timestamp_seconds > 0)"), legend=BRANCH),
            opens=[OFFICE_OF_LINE],
        )
    )
    made.with_panel(
        lines(
            "Not acknowledged by the exchange",
            "Statuses, heartbeats and days of the ledger, by reason.",
            units.CountsPerSecond,
            *(
                Asked(
                    expr=f"sum by (reason) ({rate(f'pantau_{what}_failures_total')})",
                    legend=f"{what}, {{{{reason}}}}",
                )
                for what in ("status_publish", "beat", "ledger_write")
            ),
        )
    )
    made.with_panel(
        lines(
            "Losses of the exchange",
            "What alerters did about them in the time that is shown.",
            units.Short,
            Asked(
                expr=f"sum by (news) ({since('pantau_exchange_losses_total')})", legend="{{news}}"
            ),
        )
    )


def _delivery(made: Dashboard) -> None:
    made.with_panel(
        lines(
            "Deliveries to Slack",
            "Tried, and by what became of those that were not acknowledged.",
            units.CountsPerSecond,
            Asked(expr=f"sum({rate('pantau_notify_attempts_total')})", legend="tried"),
            Asked(
                expr=f"sum by (effect) ({rate('pantau_notify_failures_total')})",
                legend="failed, {{effect}}",
            ),
        )
    )
    made.with_panel(
        lines(
            "Asked in quiet times",
            "Whether Slack would hear, and the signs on messages; and those that failed.",
            units.CountsPerSecond,
            Asked(expr=f"sum({rate('pantau_notify_checks_total')})", legend="asked"),
            Asked(
                expr=f"sum by (effect) ({rate('pantau_notify_check_failures_total')})",
                legend="not heard, {{effect}}",
            ),
            Asked(
                expr=f"sum by (effect) ({rate('pantau_sign_look_failures_total')})",
                legend="signs not told, {{effect}}",
            ),
        )
    )
    made.with_panel(
        lines(
            "Not yet told",
            "Messages that wait, at each hub.",
            units.Short,
            Asked(expr=_own("pantau_outbox_pending"), legend=BRANCH),
        )
    )
    oldest = "pantau_outbox_oldest_pending_timestamp_seconds"
    made.with_panel(
        lines(
            "Oldest message not yet told",
            "How long it waits; 0 when none does.",
            units.Seconds,
            Asked(expr=_own(f"({oldest} > bool 0) * (time() - {oldest})"), legend=BRANCH),
        )
    )
    _receivers(made)


def _receivers(made: Dashboard) -> None:
    made.with_panel(
        lines(
            "Receivers beside Slack",
            "Requests to each, and by what became of those that were not acknowledged.",
            units.CountsPerSecond,
            Asked(
                expr=f"sum by (receiver) ({rate('pantau_receiver_attempts_total')})",
                legend="{{receiver}}",
            ),
            Asked(
                expr=f"sum by (receiver, effect) ({rate('pantau_receiver_failures_total')})",
                legend="{{receiver}} failed, {{effect}}",
            ),
        )
    )
    made.with_panel(
        lines(
            "Receivers, behind",
            "Messages that wait for each, and those given up in the time that is shown.",
            units.Short,
            Asked(
                expr="sum by (receiver) (pantau_receiver_waiting)", legend="{{receiver}} waits for"
            ),
            Asked(
                expr=f"sum by (receiver) ({since('pantau_receiver_dropped_total')})",
                legend="{{receiver}} gave up",
            ),
        )
    )


def _lag(made: Dashboard) -> None:
    for title, said, metric, part in (
        ("Runs began late", "The latest twentieth.", "pantau_scheduler_lag_seconds", 0.95),
        ("Event loop woke late", "The latest hundredth.", "pantau_loop_lag_seconds", 0.99),
    ):
        late = f"histogram_quantile({part}, sum by (instance, le) ({rate(metric + '_bucket')}))"
        made.with_panel(
            lines(
                title,
                said,
                units.Seconds,
                Asked(expr=_own(late), legend=BRANCH),
                opens=[OFFICE_OF_LINE],
            )
        )
    made.with_panel(
        lines(
            "Dropped",
            "Things thrown away in the time that is shown, by what.",
            units.Short,
            Asked(expr=f"sum by (what) ({since('pantau_dropped_total')})", legend="{{what}}"),
        )
    )
    made.with_panel(
        lines(
            "Runs skipped",
            "That were due and did not begin, by reason.",
            units.CountsPerSecond,
            Asked(
                expr=f"sum by (reason) ({rate('pantau_runs_skipped_total')})",
                legend="{{reason}}",
            ),
        )
    )


def _process(made: Dashboard) -> None:
    for title, said, unit, expr in (
        ("Memory", "Resident.", units.BytesIEC, "process_resident_memory_bytes"),
        ("CPU", "Seconds in each second: cores.", units.Short, rate("process_cpu_seconds_total")),
    ):
        made.with_panel(
            lines(
                title,
                said,
                unit,
                Asked(expr=_own(expr), legend=BRANCH),
                opens=[OFFICE_OF_LINE],
            )
        )
