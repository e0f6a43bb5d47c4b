"""Studio: a panel with services that run, and a camera: what the galleries of all rooms share.

It must not know any panel. Its pictures are for a person to look at; it checks nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from protocols.lab import Lab
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.panel import Panel
from widgets.selection import Selection
from widgets.theme.theme import theme

SIZES = {"1440": (992, 740, 1.0), "1280": (832, 650, 1.0), "x2": (1900, 1100, 2.0)}
"""Width and height that a window of this size leaves to a panel, in px, and the scale."""
P = TypeVar("P", bound=Panel)


class Studio(Generic[P]):
    """A panel that is shown. `out`: where the pictures go; `sizes`: names of SIZES, with commas."""

    def __init__(self, build: Callable[[Desk], P], out: Path, sizes: str) -> None:
        self.out = out
        self.sizes = {name: size for name, size in SIZES.items() if name in sizes.split(",")}
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        theme().install(self.app)  # type: ignore[arg-type]
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        self.log = EventLog()
        self.bridge.add_consumer(self.log.append)
        theme().hold()
        self.panel = build(Desk(self.lab, self.bridge, Actions(), Selection(), self.log))
        theme().release()
        self.panel.resize(*SIZES["1440"][:2])
        self.panel.show()
        self.panel.shown()

    def settle(self, seconds: float = 0.15) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something holds, ten seconds at most."""
        end = time.monotonic() + 10
        while not condition() and time.monotonic() < end:
            self.settle(0.02)
        if not condition():
            print("never came true", file=sys.stderr)

    def shoot(self, name: str) -> None:
        """The panel in every size and both palettes."""
        for size, (width, height, scale) in self.sizes.items():
            theme().set_scale(scale)
            self.settle(0.05)
            self.panel.resize(width, height)
            for dark in (False, True):
                theme().set_dark(dark)
                self.settle(0.1)
                self.panel.grab().save(str(self.out / f"{name}-{size}-{'dark' if dark else 'light'}.png"))
        theme().set_scale(1.0)
        theme().set_dark(False)

    def close(self) -> None:
        """Stop everything."""
        self.panel.hidden()
        self.lab.close()
        self.bridge.close()


def asked(words: str | None, parts: tuple[str, ...] = ()) -> argparse.Namespace:
    """What the command line of a gallery asks: `out`, a folder that is there now, `sizes`, `part` ("" for all)."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--part", choices=("", *parts), default="", help="only this one of the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments
