"""The Helm chart rendered by Helm's own library, and what was rendered as strict YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/pantau"
EXAMPLES = ROOT / "deploy/helm/examples"
NATION = ROOT / "agent/simulation/nation.yaml"

Manifest = dict[str, Any]
Values = dict[str, Any]


def strict(text: str) -> list[Any]:
    """The documents of ``text``; ValueError where a key stands twice, which PyYAML would take."""
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        _refuse_twice(document)
    return list(yaml.safe_load_all(text))


def _refuse_twice(node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _refuse_twice(each)
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        if len(keys) > len(set(keys)):
            raise ValueError(f"a key stands twice in one mapping:{node.start_mark}")
        for _, each in node.value:
            _refuse_twice(each)


def example(name: str, **more: object) -> Values:
    """The values of one of the examples, with what its installation adds on the command line."""
    text = (EXAMPLES / f"{name}.yaml").read_text("utf-8")
    (values,) = strict(text)
    values.setdefault("nation", {"text": NATION.read_text("utf-8")})
    return {**values, **more}


def rendered(values: Values) -> list[Manifest]:
    """Every manifest that the chart makes of ``values``. Raises Helm's errors, and YAML's."""
    branch = str(values.get("branch", "nobody"))
    with helm_python.Chart.load(CHART) as chart:
        texts = chart.render(values, name=f"pantau-{branch}", namespace="pantau")
    return [
        manifest
        for place, text in texts.items()
        if place.endswith(".yaml")
        for manifest in strict(text)
        if manifest is not None
    ]


def refusal(values: Values) -> str:
    """Why Helm refuses ``values``; fails where it takes them."""
    try:
        rendered(values)
    except helm_python.HelmError as error:
        return str(error)
    raise AssertionError("these values were taken")


def of_kind(manifests: list[Manifest], kind: str, name: str = "") -> Manifest:
    """The one manifest of a kind, whose name ends in ``name``."""
    (found,) = (
        each
        for each in manifests
        if each["kind"] == kind and each["metadata"]["name"].endswith(name)
    )
    return found


def pod_of(manifests: list[Manifest]) -> Manifest:
    """The agent's pod, as its Deployment writes it."""
    pod: Manifest = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]
    return pod


def lay_out(manifests: list[Manifest], folder: Path, **shared: str) -> Path:
    """Lay the pod's files below ``folder`` as Kubernetes would, and return its branch.yaml.

    ConfigMaps that the chart does not make are given as ``shared``: the text of their only file,
    by the name of the volume. A Secret's files hold the digits that every secret may consist of.
    """
    for volume in pod_of(manifests)["volumes"]:
        for file, text in _files(volume, manifests, shared).items():
            _swap_in(folder / _place(volume["name"], manifests), file, _moved(text, folder))
    return folder / "etc/pantau/branch/branch.yaml"


def _place(volume: str, manifests: list[Manifest]) -> str:
    (container,) = pod_of(manifests)["containers"]
    (place,) = (each["mountPath"] for each in container["volumeMounts"] if each["name"] == volume)
    return str(place).lstrip("/")


def _files(volume: Manifest, manifests: list[Manifest], shared: dict[str, str]) -> dict[str, str]:
    if volume["name"] in shared:
        named = {"nation": "nation.yaml", "probes": "own.yaml"}[volume["name"]]
        return {named: shared[volume["name"]]}
    if "configMap" in volume:
        texts: dict[str, str] = of_kind(manifests, "ConfigMap", volume["configMap"]["name"])["data"]
        return texts
    sources = volume.get("projected", {}).get("sources", [])
    paths = [item["path"] for each in sources for item in each["secret"]["items"]]
    return {path: _secret(path) for path in paths}


def _secret(path: str) -> str:
    return "https://switch.example.invalid/0" if path.endswith("-url") else "0123456789" * 4


def _swap_in(mounted: Path, file: str, text: str) -> None:
    """A file of a mounted volume is a link through ``..data``, which is swapped as a whole."""
    stamped = mounted / "..2026_11_24_08_00_00.1"
    stamped.mkdir(parents=True, exist_ok=True)
    (stamped / file).write_text(text, "utf-8")
    if not (mounted / "..data").is_symlink():
        (mounted / "..data").symlink_to(stamped.name)
    (mounted / file).symlink_to(Path("..data") / file)


def _moved(text: str, folder: Path) -> str:
    """Absolute paths of the image and of its volumes, as they are below ``folder``."""
    here = re.sub(r"/opt/pantau/lib/[^/]*/site-packages/probes", str(ROOT / "probes"), text)
    return re.sub(r"(?<![\w.])/(?=etc/pantau|run/secrets|var/lib/pantau)", f"{folder}/", here)
