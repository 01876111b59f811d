"""Starts a real Prometheus with the rules and the example configuration that we deliver."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from agent.clock import BootClock
from tests.support import real_parts, real_process

DELIVERED = Path(__file__).parents[2] / "deploy" / "prometheus"
EVERY = "1s"
"""How often it looks, for a test that has no time to wait."""
RESEND = "3s"
"""After this long it tells an alert again; what fires before it has found its Alertmanager, which
takes five seconds, it tells nobody. By itself it takes a minute."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running one; what is here blocks, for use in a thread."""

    url: str

    def firing(self) -> dict[str, dict[str, Any]]:
        """The alerts that fire now, by name."""
        alerts = self._ask("alerts")["alerts"]
        return {each["labels"]["alertname"]: each for each in alerts if each["state"] == "firing"}

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that an expression gives now."""
        found = self._ask("query?" + urllib.parse.urlencode({"query": expression}))["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def over_time(self, expression: str, last_s: float, step_s: float) -> list[list[float]]:
        """The values of each series that an expression gives over the last while."""
        now_s = BootClock().wall_s()
        span = {"start": now_s - last_s, "end": now_s, "step": step_s}
        asked = urllib.parse.urlencode({"query": expression, **span})
        found = self._ask(f"query_range?{asked}")["result"]
        return [[float(value) for _, value in each["values"]] for each in found]

    def label_values(self, series: str, label: str) -> list[str]:
        """What a label of these series has been."""
        asked = urllib.parse.urlencode({"match[]": series})
        found: list[str] = self._ask(f"label/{label}/values?{asked}")
        return found

    def _ask(self, what: str) -> Any:  # noqa: ANN401 - as its API answers
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}", timeout=5) as answer:  # noqa: S310
            return json.loads(answer.read())["data"]


@contextmanager
def running(
    folder: Path,
    offices: Mapping[str, str],
    *,
    rules: Path = DELIVERED / "rules.yaml",
    alertmanager: str | None = None,
    takes_pushes_at: int | None = None,
) -> Iterator[Prometheus]:
    """One that scrapes ``offices`` (host:port by office), gone afterwards.

    ``alertmanager``: the address of the one that it tells, if it tells any.
    ``takes_pushes_at``: the port where others may push, if any may.
    Started again in the same folder, it still has what it had.
    """
    chosen = _delivered(offices) | {"rule_files": [str(rules)]}
    if alertmanager is None:
        del chosen["alerting"]
    else:
        (told,) = chosen["alerting"]["alertmanagers"]
        told["static_configs"] = [{"targets": [alertmanager.removeprefix("http://")]}]
    arguments = [f"--storage.tsdb.path={folder / 'series'}", f"--rules.alert.resend-delay={RESEND}"]
    if takes_pushes_at is not None:
        arguments.append("--web.enable-remote-write-receiver")
    with _started(folder, chosen, *arguments, port=takes_pushes_at) as url:
        yield Prometheus(url)


@contextmanager
def pushing(folder: Path, offices: Mapping[str, str], to: int) -> Iterator[None]:
    """One in agent mode that pushes what it scrapes to the port ``to``, as the example says."""
    chosen = _delivered(offices) | _example_of_pushing()
    for refused in ("rule_files", "alerting"):
        del chosen[refused]
    (pushed,) = chosen["remote_write"]
    pushed["url"] = f"http://127.0.0.1:{to}{urllib.parse.urlsplit(pushed['url']).path}"
    keeps = f"--storage.agent.path={folder / 'unsent'}"
    with _started(folder, chosen, "--enable-feature=agent", keeps):
        yield


def _example_of_pushing() -> dict[str, Any]:
    """The lines at the end of the delivered configuration, which are a comment there."""
    text = (DELIVERED / "prometheus.yaml").read_text("utf-8")
    _, begin, lines = text.partition("# remote_write:\n")
    assert begin, "the example of pushing is not there"
    example = re.sub("^# ", "", begin + lines, flags=re.MULTILINE)
    found: dict[str, Any] = yaml.safe_load(example)
    return found


@contextmanager
def _started(
    folder: Path, configuration: Mapping[str, Any], *arguments: str, port: int | None = None
) -> Iterator[str]:
    """The address of a program with this configuration."""
    file = folder / "prometheus.yaml"
    file.write_text(json.dumps(configuration))  # JSON is YAML.
    if port is None:
        (port,) = real_process.free_ports(1)
    line = [
        *real_parts.command_of("prometheus"),
        f"--config.file={file}",
        f"--web.listen-address=127.0.0.1:{port}",
        *arguments,
    ]
    url = f"http://127.0.0.1:{port}"
    ready = partial(real_process.ask, f"{url}/-/ready")
    with real_process.running(line, ready, folder / "prometheus.log"):
        yield url


def _delivered(offices: Mapping[str, str]) -> dict[str, Any]:
    """The delivered configuration with our targets and haste."""
    chosen: dict[str, Any] = yaml.safe_load((DELIVERED / "prometheus.yaml").read_text("utf-8"))
    chosen["global"] |= {"scrape_interval": EVERY, "evaluation_interval": EVERY}
    (pantau,) = chosen["scrape_configs"]
    pantau |= {"scrape_timeout": EVERY}
    pantau["static_configs"] = [
        {"targets": [target], "labels": {"instance": office}} for office, target in offices.items()
    ]
    return chosen
