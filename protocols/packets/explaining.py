"""What headers and fields mean: names for people, a sentence, and the RFC, from assets/packets/headers.toml.

Read when first needed. It must not know who shows the words.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols.assets import asset


@dataclass(frozen=True, slots=True)
class Explained:
    """label: the name for people. text: what it means. rfc: where that is written, or ""."""

    label: str
    text: str
    rfc: str


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(asset("packets", "headers.toml").read_text(encoding="utf-8"))


def explained(key: str) -> Explained | None:
    """What stands for a layer ("IP") or a field ("IP.ttl"); None where nothing does."""
    layer, _, field = key.partition(".")
    found: Any = _table().get(layer)
    if isinstance(found, dict) and field:
        found = found.get(field)
    if not isinstance(found, dict) or "label" not in found:
        return None
    return Explained(found["label"], found["text"], found["rfc"])


def label(key: str, default: str) -> str:
    """The name of a field for people."""
    found = explained(key)
    return found.label if found is not None else default
