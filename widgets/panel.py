"""Panel: what one subject looks like to the window, and the demo that the tour drives.

A panel is built when it is first shown. It must not know the window, other panels, or when
it is shown: it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

from PySide6.QtWidgets import QWidget

from widgets.desk import Desk


@dataclass(frozen=True, slots=True)
class Click:
    """Click this widget with the mouse, in its middle."""

    widget: QWidget


@dataclass(frozen=True, slots=True)
class Type:
    """Click into this input, replace what it holds by `text` key by key, and press Return if asked."""

    widget: QWidget
    text: str
    enter: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Let the window live until `condition()` holds. It becomes a check named `text`; late is failed."""

    text: str
    condition: Callable[[], object]
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """A verdict of the demo: `text` says what was looked at, `ok` whether it is so."""

    text: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Take the picture now, in both palettes. Without it the picture is taken when the demo ends."""


T = TypeVar("T")


def finished(steps: Generator[object, None, T]) -> T:
    """What a generator returns, its steps taken without rests."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        made: T = end.value
        return made


DemoStep: TypeAlias = Click | Type | Wait | Check | Picture


class Panel(QWidget):
    """One subject. Subclasses set `id` (one word), `title` and `icon` (a name for `theme().icon`).

    needs_height: it shows a log of its own, or nothing that happens, so the time line starts folded here.
    desk: the shared things. Build widgets in `__init__`; do nothing that blocks.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    needs_height: ClassVar[bool] = False

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.setObjectName(f"panel-{self.id}")

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        """Make the panel; one with several hundred widgets yields its parts before it, each under 50 ms of work."""
        yield from ()
        return cls(desk, parent)

    def shown(self) -> None:
        """The panel has come to the front."""

    def hidden(self) -> None:
        """The panel went behind another, or the window is closing. Called before services stop."""

    def save(self) -> bool:
        """Save what is in front here into its own file; False when there is no such thing, so the session is saved."""
        return False

    def save_state(self) -> dict[str, Any]:
        """What the next start shall find again: JSON-able, small, no secrets."""
        return {}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave at an earlier time, perhaps of an older version: ignore what is strange."""

    def demo(self) -> Iterator[DemoStep]:
        """What the tour does here, on loopback, as a user would: yield one step after the other.

        The steps run with the panel at the front of a real window; between them the event loop
        turns. Yield at least one Check or Wait. Stop after the Picture what the demo started. Say::

            yield Click(self.start_button)
            yield Wait("the server listens", lambda: self.card.state == "running")
            yield Type(self.line_edit, "hello", enter=True)
            yield Wait("the answer is there", lambda: "HELLO" in self.transcript())
            yield Picture()
            yield Click(self.stop_button)
        """
        yield Check("the panel is built", True)
