"""What the official chart of NATS makes of our values, as far as we set any.

The chart is not here. These few rules were read in its templates and written anew: what a server's
configuration holds by default, that `merge` wins over that, and how the whole becomes a file. Of
what Kubernetes gets there is only the pod, as far as we merge into it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from tests.support.chart import strict
from tests.support.exchange_cluster import ROOT, Node

VALUES = ROOT / "deploy/nats/values.yaml"
_PLACE = "etc/nats-config"

Values = dict[str, Any]


def values() -> Values:
    """Our values; ValueError where a key stands twice."""
    (found,) = strict(VALUES.read_text("utf-8"))
    return dict(found)


def paths(of: Any, above: str = "") -> list[str]:  # noqa: ANN401 - whatever YAML holds
    """The path of every leaf, with dots."""
    if not isinstance(of, dict) or not of:
        return [above]
    below = ((f"{above}.{key}" if above else str(key), each) for key, each in of.items())
    return [path for name, each in below for path in paths(each, name)]


def config(values: Values) -> dict[str, Any]:
    """The configuration of the servers, as a mapping."""
    written, name = values["config"], values["fullnameOverride"]
    jetstream, cluster = written["jetstream"], written["cluster"]
    made = {
        "server_name": "<< $SERVER_NAME >>",
        "lame_duck_grace_period": "10s",
        "lame_duck_duration": "30s",
        "pid_file": "/var/run/nats/nats.pid",
        "port": 4222,
        "http_port": written["monitor"]["port"],
        "tls": _tls(written["nats"]["tls"], "/etc/nats-certs/nats"),
        "cluster": {
            "name": name,
            "port": 6222,
            "no_advertise": True,
            "routes": [
                f"tls://{name}-{n}.{name}-headless:6222" for n in range(cluster["replicas"])
            ],
            "tls": _tls(cluster["tls"], "/etc/nats-certs/cluster"),
            **cluster["merge"],
        },
        "jetstream": {
            "store_dir": "/data",
            "max_file_store": f"<< {jetstream['fileStore']['maxSize']} >>",
            "max_memory_store": f"<< {jetstream['memoryStore']['maxSize']} >>",
            **jetstream["merge"],
        },
    }
    return {**made, **written["merge"]}


def _tls(written: Values, folder: str) -> dict[str, Any]:
    files = {"cert_file": f"{folder}/tls.crt", "key_file": f"{folder}/tls.key"}
    return {**files, **written["merge"]}


def text(config: dict[str, Any]) -> str:
    """The file: JSON, but for includes and for what stands between << and >>."""
    written = json.dumps(config, indent=2, sort_keys=True)
    written = re.sub(r'".*\$include": "(.*)",?', r"include \1;", written)
    return re.sub(r'"<<\s+(.*)\s+>>"', r"\1", written)


def pod(values: Values) -> dict[str, Any]:
    """The pod of a server, with what we merge and patch into it."""
    parts = {"nats": "container", "reloader": "reloader", "prom-exporter": "promExporter"}
    containers = [
        {"name": name, "image": name, "volumeMounts": [], **values[part]["merge"]}
        for name, part in parts.items()
    ]
    containers[0]["volumeMounts"] = _appended(values["container"]["patch"], "/volumeMounts/-")
    template = values["podTemplate"]
    spec = {
        "containers": containers,
        "volumes": _appended(template["patch"], "/spec/volumes/-"),
        **template["merge"]["spec"],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "exchange-0"}, "spec": spec}


def _appended(patch: list[dict[str, Any]], place: str) -> list[Any]:
    assert all((each["op"], each["path"]) == ("add", place) for each in patch)
    return [each["value"] for each in patch]


def write_chart_node(node: Node, nodes: list[Node], certificates: Path) -> None:
    """Lay one pod's files below the node's folder, at loopback instead of in a cluster."""
    made = config(values())
    made |= {"port": node.offices_port, "host": "127.0.0.1", "server_name": node.name}
    made |= {"http_port": node.watched_port}
    made["cluster"] |= {"port": node.servers_port, "host": "127.0.0.1"}
    made["cluster"]["routes"] = [each.route for each in nodes]
    root = node.folder
    below = re.sub(r'"(?=/(etc|data|var)\b)', f'"{root}', text(made))
    for folder in (_PLACE, "etc/nats-accounts", "var/run/nats"):
        (root / folder).mkdir(parents=True)
    node.config = root / _PLACE / "nats.conf"
    node.config.write_text(below)
    node.accounts = Path(shutil.move(node.accounts, root / "etc/nats-accounts/accounts.conf"))
    _secret(root / "etc/nats-certs/nats", certificates, "server", "offices")
    _secret(root / "etc/nats-certs/cluster", certificates, "route", "servers")


def _secret(folder: Path, certificates: Path, name: str, authority: str) -> None:
    folder.mkdir(parents=True)
    for source, target in (
        (f"{name}.crt", "tls.crt"),
        (f"{name}.key", "tls.key"),
        (f"{authority}.pem", "ca.crt"),
    ):
        shutil.copy(certificates / source, folder / target)


def network_policy(values: Values) -> dict[str, Any]:
    """The only manifest that we add whole."""
    (made,) = values["extraResources"]
    return dict(made)
