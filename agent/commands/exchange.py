"""``pantau exchange``: makes what the exchange between offices needs, and looks it over.

``init`` is for whoever keeps the engine, ``doctor`` for any office that uses it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.adapters.nats_doctor import Patient, connection, examine
from agent.adapters.nats_findings import Finding, Level
from agent.adapters.nats_keeper import make_streams
from agent.adapters.nats_link import NatsSettings
from agent.adapters.tls_contexts import Trust
from agent.app.real_exchange import nats_settings
from agent.clock import BootClock
from agent.commands.exchange_files import KEEPER, seed_file, write_files
from agent.config.loading import Configuration, load, load_nation
from agent.ports import ConfigurationError, ExchangeError

OK, FAILING, CONFIGURATION, UNKNOWN = 0, 1, 2, 3


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser("exchange", help="set up the offices' exchange, or look it over")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _register_init(actions)
    _register_doctor(actions)


def _register_init(actions: Any) -> None:  # noqa: ANN401
    init = actions.add_parser(
        "init",
        help="write every office's nkey and the server's accounts; make the streams",
        description="Writes into a folder, for every office of nation.yaml, its nkey, and for the "
        "servers accounts.conf and an example of the rest. Nothing that is there is overwritten. "
        "With --servers it then signs in as keeper and makes the streams, or mends them. Exit code "
        "0: done; 1: the engine refused something; 2: the files are wrong; 3: it does not answer.",
    )
    init.add_argument("--nation", type=Path, required=True, metavar="NATION.YAML")
    init.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    init.add_argument("--servers", nargs="+", default=(), metavar="URL", help="tls://host:4222 ...")
    init.add_argument("--replicas", type=int, choices=(1, 3, 5), default=1)
    init.add_argument("--ca-file", metavar="FILE")
    init.add_argument("--cert-file", metavar="FILE")
    init.add_argument("--key-file", metavar="FILE")
    init.set_defaults(run=run_init)


def _register_doctor(actions: Any) -> None:  # noqa: ANN401
    doctor = actions.add_parser(
        "doctor",
        help="say everything that is wrong with the exchange as this office sees it",
        description="Asks the exchange that branch.yaml names: server, TLS, nkey, streams, "
        "permissions, clocks, and whether all offices have one nation.yaml. Changes nothing. Exit "
        "code 0: all is well; 1: something is wrong; 2: the configuration is; 3: cannot be told.",
    )
    doctor.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.set_defaults(run=run_doctor)


# --- init -----------------------------------------------------------------------------------------


def run_init(arguments: argparse.Namespace) -> int:
    """Write the files, and with ``--servers`` make the streams; returns the exit code."""
    try:
        offices = {each.id: each.hub for each in load_nation(arguments.nation).roster}
        for sentence in write_files(arguments.into, offices):
            _say(sentence)
        if not arguments.servers:
            _say("once the servers run with it, say the same with --servers to make the streams")
            return OK
        settings = _keeper_settings(arguments)
        return asyncio.run(_make_streams(settings))
    except ConfigurationError as error:
        return _refuse(error.mistakes)


def _keeper_settings(arguments: argparse.Namespace) -> NatsSettings:
    if (arguments.cert_file is None) != (arguments.key_file is None):
        raise ConfigurationError(["--cert-file and --key-file belong together; give both"])
    trust = Trust(
        ca_file=arguments.ca_file,
        client_certificate=arguments.cert_file,
        client_key=arguments.key_file,
    )
    tls = any(url.startswith("tls:") for url in arguments.servers) or trust != Trust()
    return NatsSettings(
        servers=tuple(arguments.servers),
        tls=trust if tls else None,
        nkey_seed_file=seed_file(arguments.into, KEEPER),
        replicas=arguments.replicas,
    )


async def _make_streams(settings: NatsSettings) -> int:
    try:
        async with connection(settings, KEEPER, BootClock()) as session:
            done, failed = await make_streams(session, settings.replicas)
    except ExchangeError as error:
        print(f"the engine was not reached: {error}", file=sys.stderr)  # noqa: T201
        return UNKNOWN
    for sentence in done:
        _say(sentence)
    for sentence in failed:
        print(sentence, file=sys.stderr)  # noqa: T201
    return FAILING if failed else OK


# --- doctor ---------------------------------------------------------------------------------------


def run_doctor(arguments: argparse.Namespace) -> int:
    """Look over the exchange of ``arguments.config``; returns the exit code."""
    try:
        findings = asyncio.run(_findings(load(arguments.config)))
    except ConfigurationError as error:
        return _refuse(error.mistakes, as_json=arguments.json)
    code = exit_code(findings)
    if arguments.json:
        told = [
            {"level": each.level.value, "what": each.what, "mend": each.mend} for each in findings
        ]
        print(json.dumps({"ok": code == OK, "findings": told}))  # noqa: T201
    else:
        for finding in findings:
            _say(line(finding))
    return code


def exit_code(findings: Sequence[Finding]) -> int:
    """What is wrong weighs more than what cannot be told."""
    levels = {finding.level for finding in findings}
    return FAILING if Level.WRONG in levels else UNKNOWN if Level.UNKNOWN in levels else OK


def line(finding: Finding) -> str:
    """One finding as it is printed."""
    mend = f"\n         mend: {finding.mend}" if finding.mend else ""
    return f"{finding.level.value:8} {finding.what}{mend}"


async def _findings(configuration: Configuration) -> list[Finding]:
    written = configuration.branch.exchange
    servers = written.servers
    if written.kind == "embedded" and written.listen is not None:
        servers = (f"nats://{written.listen}",)
    if written.kind == "memory" or not servers:
        what = f"kind {written.kind} is inside the running agent: nothing else can ask it"
        mend = "for the embedded engine, `listen` in branch.yaml lets others ask"
        return [Finding(level=Level.UNKNOWN, what=what, mend=mend)]
    branch = configuration.branch.branch
    hub = any(office.hub for office in configuration.nation.roster if office.id == branch)
    settings = await nats_settings(written.model_copy(update={"servers": servers}))
    patient = Patient(branch=branch, hub=hub, nation=configuration.nation_hash)
    return await examine(settings, patient, BootClock())


def _refuse(mistakes: Sequence[str], *, as_json: bool = False) -> int:
    if as_json:
        print(json.dumps({"ok": False, "mistakes": list(mistakes)}))  # noqa: T201
    else:
        for mistake in mistakes:
            print(mistake, file=sys.stderr)  # noqa: T201
    return CONFIGURATION


def _say(sentence: str) -> None:
    print(sentence)  # noqa: T201 - this is its output
