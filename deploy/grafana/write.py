"""Writes each dashboard as JSON: ``python -m deploy.grafana.write``."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.fleet import fleet
from deploy.grafana.nation import nation
from deploy.grafana.office import office
from deploy.grafana.service import service

FOLDER = Path(__file__).parent / "dashboards"
BOARDS = {"nation": nation, "office": office, "service": service, "fleet": fleet}


def text_of(name: str) -> str:
    """A dashboard's file."""
    made = BOARDS[name]().build()
    return json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    for each in BOARDS:
        (FOLDER / f"{each}.json").write_text(text_of(each), "utf-8")
