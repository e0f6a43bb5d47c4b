"""CaptureSlot: one capture of the panel from start to end. It must not know forms or views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from protocols.packets.capture.live import LiveCapture
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.packets.capture import launch
from widgets.packets.capture.launch import Capturing

if TYPE_CHECKING:
    from protocols.record.event import Raw

Phase = Literal["idle", "starting", "running", "ended"]


class CaptureSlot(QObject):
    """changed: the phase. started(path): packets come into that file from now on. ended(path): no more do.

    failed: `trouble` says why.
    """

    changed = Signal()
    started = Signal(str)
    ended = Signal(str)
    failed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.service: Capturing | None = None
        self.trouble: Explained | None = None
        self.values: dict[str, Any] = {}
        self.why_ended = ""

    def start(self, values: Mapping[str, Any], earlier: Sequence[Raw] = ()) -> None:
        """Start; nothing happens while one runs."""
        if self.phase in ("starting", "running"):
            return
        self.values, self.trouble, self.why_ended = dict(values), None, ""
        lab, folder, order = self.desk.lab, self.desk.folder, dict(values)
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: launch.start(lab, order, folder, earlier), self._on_started, self._on_failed, owner=self
        )

    def take(self, service: Capturing) -> None:
        """A capture that was started elsewhere, on a private network, is shown here."""
        self.trouble, self.why_ended = None, ""
        self._on_started(service)

    def _on_started(self, service: Capturing) -> None:
        self.service = service
        self._set_phase("running")
        self.started.emit(self.path)

    def _on_failed(self, error: BaseException) -> None:
        self.trouble = launch.explained(error, self.values)
        self._set_phase("idle")
        self.failed.emit()

    def stop(self) -> None:
        """End it; what has come in by then belongs to it."""
        service, lab = self.service, self.desk.lab
        if service is not None and self.phase == "running":
            self.desk.bridge.call(lambda: lab.stop(service, 20), lambda _: self._over(), owner=self)

    def poll(self) -> None:
        """See whether it ended by itself, or its child died."""
        service = self.service
        if service is not None and self.phase == "running" and service.state in ("stopped", "failed"):
            self._over()

    def _over(self) -> None:
        service = self.service
        if service is None or self.phase != "running":
            return
        if service.state == "failed":
            self.trouble = Explained(
                "EIO",
                "The capturing child ended",
                "",
                "The child that captured has ended: what it wrote is whole "
                "up to there, and what came after it is not in the file.",
                (),
                (),
            )
            self.failed.emit()
        elif isinstance(service, LiveCapture):
            self.why_ended = service.counts.ended
        self._set_phase("ended")
        self.ended.emit(self.path)

    @property
    def path(self) -> str:
        """The file, "" before there was one."""
        service = self.service
        if service is None:
            return ""
        return service.counts.path if isinstance(service, LiveCapture) else service.path

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
