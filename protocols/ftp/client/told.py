"""Told: one transfer as an event of the time line, with the facts of its data connection. It must not know files."""

from __future__ import annotations

from protocols.ftp.client.control import Control
from protocols.ftp.client.data import DataLink
from protocols.ftp.dialogue import Transfer, Way, masked, split_command
from protocols.record.event import monotonic_ns


class Told:
    """Tells one transfer on the time line, once, with the facts of its link."""

    def __init__(self, control: Control, link: DataLink, command: str, path: str = "") -> None:
        """command: the line; where the path is given, its verb alone."""
        self._control = control
        self._link = link
        self.verb, self.path = (command, path) if path else split_command(masked(command))

    def transfer(
        self, way: Way, count: int, *, seconds: float | None = None, resumed: int = 0, mode: str = "binary",
        sha256: str = "", error: str = "",
    ) -> None:  # fmt: skip
        """The event."""
        link = self._link
        took = (monotonic_ns() - link.begun_ns) / 1e9 if seconds is None else seconds
        done = Transfer(
            self.verb, self.path, way, count, took, resumed, "text" if mode == "text" else "binary", not error,
            sha256 or None, link.local, link.peer, link.connected_by, self._control.protected, error,
        )  # fmt: skip
        self._control.dialogue.transfer(done, link.conn)
