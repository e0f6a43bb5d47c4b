"""Words that a request says when nothing else is told: the same for libcurl and for an exported command."""

from __future__ import annotations

from typing import Final

AGENT: Final = "netlab"
ACCEPT_ENCODING: Final = "gzip, deflate, br"
