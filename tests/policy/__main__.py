"""``python -m tests.policy CHECKOV``: the chart and the Dockerfile under checkov's rules, offline.

A checker that finds nothing may have looked at nothing. So a privileged office and an image of root
are laid beside what is delivered and must be refused, every manifest must have been looked at, and
a rule that is waived here and that nothing breaks any more is told too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.chart import Values, example, pod_of, rendered

ROOT = Path(__file__).parents[2]
WAIVED = {
    "CKV_DOCKER_2": "a health check: Kubernetes ignores the image's, and compose has its own",
    "CKV_K8S_11": "a limit of CPU: an agent that is throttled measures itself, and not the centre",
    "CKV_K8S_15": "pull always: an office that restarts while its line is cut keeps what it has",
    "CKV_K8S_43": "a digest: whoever publishes an image knows it, and sets image.digest",
}
DELIVERED: dict[str, Values] = {
    "jember": example("jember"),
    "hub": example("hub"),
    "central": example("central/office", branch="sabang"),
    "own-probes": example("jember", probes={"configMap": "probes-jember"}),
}
REFUSED = {("privileged.yaml", "CKV_K8S_16"), ("root/Dockerfile", "CKV_DOCKER_8")}
"""What must be found: the file, and the rule that it breaks."""


def main(checkov: str) -> int:
    """Says what is wrong, a line each; 1 if anything is."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        looked_at, broken = scanned(checkov, Path(folder))
        files = {
            str(each.relative_to(folder)) for each in Path(folder).rglob("*") if each.is_file()
        }
    wrong = list(complaints(files - looked_at, broken))
    content = f"{len(files) - len(REFUSED)} files keep all rules but {len(WAIVED)} that are waived"
    print(*wrong or [content], sep="\n")  # noqa: T201 - this is its output
    return 1 if wrong else 0


def lay_out(folder: Path) -> None:
    """Every example of the chart, the Dockerfile, and two files that no rule may let through."""
    for name, values in DELIVERED.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(rendered(values)), "utf-8")
    shutil.copy(ROOT / "Dockerfile", folder)
    privileged = rendered(DELIVERED["jember"])
    pod_of(privileged)["containers"][0]["securityContext"]["privileged"] = True
    (folder / "privileged.yaml").write_text(yaml.safe_dump_all(privileged), "utf-8")
    (folder / "root").mkdir()
    (folder / "root/Dockerfile").write_text("FROM scratch\nUSER root\n", "utf-8")


def scanned(checkov: str, folder: Path) -> tuple[set[str], dict[tuple[str, str], str]]:
    """The files that a rule was held against; what each broken rule says, by file and rule."""
    kinds = ("--framework", "kubernetes", "dockerfile", "--skip-download", "--output", "json")
    done = subprocess.run(
        [checkov, "--directory", str(folder), *kinds],
        check=False,  # 1 where a rule is broken, and one always is.
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    results = [kind["results"] for kind in json.loads(done.stdout)]
    broken = [each for found in results for each in found["failed_checks"]]
    kept = [each for found in results for each in found["passed_checks"]]
    return {_file(each) for each in kept + broken}, {
        (_file(each), each["check_id"]): f"{each['check_name']} ({each['resource']})"
        for each in broken
    }


def complaints(unseen: set[str], broken: dict[tuple[str, str], str]) -> Iterator[str]:
    """What is wrong with what is delivered, and with this check itself."""
    yield from (f"{file}: no rule was held against it" for file in sorted(unseen))
    yield from (f"{file}: {rule} let it through" for file, rule in sorted(REFUSED - {*broken}))
    bad = {file for file, _ in REFUSED}
    delivered = {key: says for key, says in broken.items() if key[0] not in bad}
    for (file, rule), says in sorted(delivered.items()):
        if rule not in WAIVED:
            yield f"{file}: {rule} {says}"
    for rule in sorted({*WAIVED} - {rule for _, rule in delivered}):
        yield f"{rule} is waived, and nothing breaks it any more"


def _file(check: dict[str, Any]) -> str:
    return str(check["file_path"]).lstrip("/")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
