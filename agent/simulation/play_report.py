"""What a play came to, as one JSON object: the last line of ``demo`` and ``simulate --json``.

Times are agent seconds since the scenario's first fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.core import absences
from agent.core.incident import Incident
from agent.core.model import Scope
from agent.simulation.fleet import Witness, told
from agent.simulation.workspace import Workspace, WorkspaceMessage


def report(
    *,
    scenario: str,
    branches: int,
    seed: int | None,
    seconds: float,
    first_fault_s: float,
    witness: Witness,
    workspace: Workspace,
) -> dict[str, Any]:
    """The object; ``first_fault_s`` is the offset of the first fault, ``seconds`` the play's."""
    began_s = (witness.began_s or 0.0) + first_fault_s
    messages = _messages(workspace)
    incidents = told(list(witness.incidents.values()))
    return {
        "scenario": scenario,
        "branches": branches,
        "seed": seed,
        "seconds": round(seconds, 1),
        "probes": witness.runs,
        "incidents": [_incident(each, began_s, messages) for each in incidents],
        "slack": {
            "root_messages": sum(root for root, _ in messages.values()),
            "thread_messages": sum(replies for _, replies in messages.values()),
            "digests": sum(_is_digest(root) for root in workspace.roots()),
        },
        "abstained": sorted(witness.abstained),
        "silent": sorted(witness.silent),
    }


def _incident(
    incident: Incident, began_s: float, messages: Mapping[str, tuple[int, int]]
) -> dict[str, Any]:
    roots, replies = messages.get(incident.id, (0, 0))
    closed_s = incident.closed_s
    return {
        "id": incident.id,
        "scope": incident.scope.value,
        "group": incident.group if incident.scope is Scope.REGIONAL else None,
        "root_service": incident.root,
        "affected": list(incident.affected),
        "severity": incident.severity.value,
        "opened_after_s": round(incident.opened_s - began_s, 1),
        "resolved_after_s": None if closed_s is None else round(closed_s - began_s, 1),
        "offices_failing": incident.peak,
        "offices_reporting": incident.peak_of,
        "root_messages": roots,
        "thread_messages": replies,
    }


def _messages(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """Incident id -> (root messages, replies) as they stand in the channels."""
    counts: dict[str, tuple[int, int]] = {}
    for root in workspace.roots():
        if _is_digest(root):
            continue
        incident, _, _ = root.key.rpartition("/")
        roots, replies = counts.get(incident, (0, 0))
        counts[incident] = (
            roots + 1,
            replies + len(workspace.replies(root.channel, root.ts)),
        )
    return counts


def _is_digest(root: WorkspaceMessage) -> bool:
    return root.key.startswith(absences.PREFIX)
