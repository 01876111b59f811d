"""The bill of materials: what `pip install` of the runtime lock brings, as CycloneDX.

It is made from the lock and from what the installed packages say that they need. Nothing of the
machine goes in, and the same commit gives the same bill.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.metadata import requires
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PINNED = re.compile(r"^([\w.-]+)==([\w.!+]+)", re.MULTILINE)


def bill(version: str, lock: str, epoch_s: int) -> str:
    """The bill of Pantau at ``version`` as JSON. Raises ValueError if its schema refuses it."""
    program = _component("pantau", version, ComponentType.APPLICATION)
    parts = {name: _component(name, pin) for name, pin in PINNED.findall(lock)}
    made = Bom(components=parts.values(), serial_number=uuid5(NAMESPACE_OID, version + lock))
    made.metadata.component = program
    made.metadata.timestamp = datetime.fromtimestamp(epoch_s, UTC)
    for name, part in {"pantau": program, **parts}.items():
        made.register_dependency(part, [parts[each] for each in needs(name) if each in parts])
    text = JsonV1Dot6(made).output_as_string(indent=2)
    if (mistake := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise ValueError(f"the bill of materials is not CycloneDX: {mistake}")
    return text + "\n"


def needs(name: str) -> list[str]:
    """What an installed package asks for, here and without its extras."""
    asked = [Requirement(each) for each in requires(name) or []]
    return [
        canonicalize_name(each.name)
        for each in asked
        if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def _component(name: str, version: str, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    url = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, type=kind, purl=url, bom_ref=url.to_string())
