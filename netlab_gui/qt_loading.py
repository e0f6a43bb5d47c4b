"""Loads Qt so that what is imported after it comes sooner: before any other module of the window.

It must not know them.

PySide reads the source text of each such module and keeps it, to learn whether the module could use `__feature__`: for
all that a window needs a tenth of its start and 24 MB. Nothing here uses that.
"""

from __future__ import annotations

import sys

import PySide6.QtCore  # noqa: F401  its import brings the hook

HOOK = "shibokensupport.feature"
ASKED = "_mod_uses_pyside"


def spare_sources() -> None:
    """Let no source be read; with a PySide that asks in another way all stays as it is."""
    hook = sys.modules.get(HOOK)
    if hasattr(hook, ASKED):
        setattr(hook, ASKED, _uses_none)


def _uses_none(_module: object) -> bool:
    return False
