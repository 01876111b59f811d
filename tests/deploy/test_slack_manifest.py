"""The Slack app asks for what `pantau notify test` needs, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import yaml

from agent.commands.notify import NEEDED_SCOPES, missing_scopes

MANIFEST = Path(__file__).parents[2] / "deploy/slack/manifest.yaml"


def scopes() -> list[str]:
    asked: list[str] = yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"]
    return asked


def test_the_app_has_every_scope_that_is_checked():
    assert missing_scopes(frozenset(scopes())) == []


def test_public_and_private_channels_are_served_and_nothing_more_is_asked():
    assert sorted(scopes()) == sorted(scope for either in NEEDED_SCOPES for scope in either)
