"""Functions by name, so that another process finds the same one: the lab's own packages only."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

_ROOTS: Final = ("protocols.", "tests.")


class TargetError(ValueError):
    """A name that is no function of the lab; the message says why."""


def load(target: str) -> Callable[..., Any]:
    """The function that "module:function" names. Raises TargetError."""
    module_name, _, name = target.partition(":")
    if not name.isidentifier() or not module_name.startswith(_ROOTS):
        raise TargetError(f"{target!r} does not name a function of the lab (module:function)")
    try:
        made: Callable[..., Any] = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise TargetError(f"{target!r} can't be loaded: {error}") from error
    if not callable(made):
        raise TargetError(f"{target!r} is not a function")
    return made
