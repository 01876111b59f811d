"""Delay against false alarms, every rule a dot: the contest as an SVG for the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import inf, log10

from agent.simulation.trials.contest import ORACLE, OURS, Standing

_PANEL_W, _PANEL_H, _TOP, _LEFT, _GAP = 380, 300, 56, 64, 84
_RATES = (0.0, 0.1, 1.0, 10.0)
_SECONDS = (10.0, 30.0, 100.0, 300.0, 1000.0)
_NEVER = "never"


def draw(standings: Sequence[Standing], cells: Sequence[str]) -> str:
    """One panel per cell; up is slower, right is more false nationals a year."""
    width = _LEFT + len(cells) * (_PANEL_W + _GAP)
    height = _TOP + _PANEL_H + 60
    years = standings[0].years
    title = (
        "Seconds to the alarm (95 of 100 outages) against false nationals in "
        f"{years:g} simulated years, on the same results"
    )
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="16" y="22" font-size="15">{title}</text>',
    ]
    for place, cell in enumerate(cells):
        left = _LEFT + place * (_PANEL_W + _GAP)
        body.append(f'<g transform="translate({left},{_TOP})">')
        body += _axes(cell)
        body += _dots(standings, cell)
        body.append("</g>")
    return "\n".join([*body, "</svg>", ""])


def _axes(cell: str) -> Iterator[str]:
    yield f'<text x="0" y="-10" font-weight="bold">{escape(cell)}</text>'
    yield f'<rect width="{_PANEL_W}" height="{_PANEL_H}" fill="none" stroke="#999"/>'
    for seconds in _SECONDS:
        y = _y(seconds)
        yield f'<line x1="0" x2="{_PANEL_W}" y1="{y:.0f}" y2="{y:.0f}" stroke="#eee"/>'
        yield f'<text x="-8" y="{y + 4:.0f}" text-anchor="end">{seconds:g} s</text>'
    yield f'<text x="-8" y="{_y(inf) + 4:.0f}" text-anchor="end">{_NEVER}</text>'
    for rate in _RATES:
        x = _x(rate)
        yield f'<text x="{x:.0f}" y="{_PANEL_H + 16}" text-anchor="middle">{rate:g}</text>'
    yield (
        f'<text x="{_PANEL_W / 2:.0f}" y="{_PANEL_H + 34}" text-anchor="middle">'
        "false nationals a year</text>"
    )


def _dots(standings: Sequence[Standing], cell: str) -> Iterator[str]:
    oracle = next(each for each in standings if each.name == ORACLE)
    y = _y(oracle.p95_s[cell])
    yield (
        f'<line x1="0" x2="{_PANEL_W}" y1="{y:.0f}" y2="{y:.0f}" stroke="#2a7" '
        'stroke-dasharray="4 3"/>'
    )
    yield f'<text x="{_PANEL_W - 6}" y="{y + 14:.0f}" fill="#2a7" text-anchor="end">oracle</text>'
    for each in standings:
        if each.false is None:
            continue
        x, y = _x(each.false / each.years), _y(each.p95_s[cell])
        ours = each.name == OURS
        colour, radius = ("#c22", 7) if ours else ("#457", 4)
        yield (
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius}" fill="{colour}" fill-opacity="0.75">'
            f"<title>{escape(each.name)}</title></circle>"
        )
        weight = ' font-weight="bold"' if ours else ""
        yield (
            f'<text x="{x + 9:.0f}" y="{y + 4:.0f}" fill="{colour}" font-size="10"{weight}>'
            f"{escape(each.name)}</text>"
        )


def _x(per_year: float) -> float:
    """None at all stands at the left edge, then a decade of rates to each third."""
    least = 0.02
    return 20.0 + (_PANEL_W - 60.0) * max(0.0, log10(max(per_year, least) / least)) / 3.2


def _y(seconds: float) -> float:
    if seconds == inf:
        return 14.0
    share = log10(max(seconds, 8.0) / 8.0) / log10(2000.0 / 8.0)
    return _PANEL_H - 8.0 - (_PANEL_H - 40.0) * min(1.0, share)
