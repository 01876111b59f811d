"""What every page has in common: a document without scripts, and text that stays text.

Pages reload themselves and their style is a file of its own, so that the browser can be told to run
nothing at all. Every text passes :func:`text` on its way into the markup, wherever it came from.
"""

from __future__ import annotations

import html

from agent.core.slack_text import clean

REFRESH_S = 15
STYLE_PATH = "/pages.css"
TEXT_LIMIT = 200


def document(title: str, body: str) -> str:
    """A whole page; ``body`` is markup already."""
    return f"""<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH_S}">
<title>{text(title)}</title>
<link rel="stylesheet" href="{STYLE_PATH}">
</head>
<body>
{body}
</body>
</html>
"""


def text(value: str, limit: int = TEXT_LIMIT) -> str:
    """Text that shows as itself: no markup, no control or direction characters, not too long."""
    return html.escape(clean(value, limit))
