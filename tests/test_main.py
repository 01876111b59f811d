"""Whatever a command logs is on standard error: standard output has its answer alone."""

from __future__ import annotations

import argparse

import pytest
import structlog

from agent import __main__ as program


def test_nothing_that_a_command_logs_is_on_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def run(_arguments: argparse.Namespace) -> int:
        structlog.get_logger("of some part").error("exchange not reached")
        return 0

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=run)
    monkeypatch.setattr(program, "parser", lambda _names: parser)
    assert program.main([]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "exchange not reached" in said.err
