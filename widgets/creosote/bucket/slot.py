"""BucketSlot: one numbered bucket of the panel through its lives: idle, starting, listening, ended.

Turns clicks into work elsewhere and keeps what the card shows. It must not know widgets, and it
opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.creosote.bucket import Bucket
from protocols.record.explain import Explained
from widgets.creosote import launch
from widgets.desk import Desk

Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""),
    "starting": ("waiting", "Starting"),
    "running": ("running", "Listening"),
    "ended": ("stopped", "Stopped"),
}


class BucketSlot(QObject):
    """One bucket. changed: phase or trouble are new; started, failed: what became of `start`.

    values: the form's values of the last start. trouble: the last error, explained, or None.
    """

    changed = Signal()
    started = Signal()
    failed = Signal()

    def __init__(self, desk: Desk, number: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.number = number
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.bucket: Bucket | None = None
        self._told_log = False
        self._again: dict[str, Any] | None = None

    def start(self, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> None:
        """Listen with the form's values; the outcome comes by `started` or `failed`."""
        if self.phase in ("starting", "running"):
            return
        self.values = dict(values)
        self.trouble = None
        self._told_log = False
        lab, order = self.desk.lab, dict(values)
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: launch.start_bucket(lab, order, free_port_if_taken=free_port_if_taken),
            self._on_started,
            self._on_start_failed,
            owner=self,
        )

    def _on_started(self, bucket: Bucket) -> None:
        self.bucket = bucket
        wanted = int(self.values.get("port", 0) or 0)
        if wanted and bucket.port != wanted:
            self.desk.toast(f"Port {wanted} is taken: the bucket listens on {bucket.port}")
        self._set_phase("running")
        self.started.emit()

    def _on_start_failed(self, error: BaseException) -> None:
        self.trouble = launch.explained(error, self.values, "bind")
        self._set_phase("idle")
        self.failed.emit()

    def stop(self) -> None:
        """End the bucket."""
        bucket = self.bucket
        if bucket is None or self.phase != "running":
            return
        bucket.request_stop()
        self.desk.bridge.call(lambda: self.desk.lab.stop(bucket), lambda _: self._ended(bucket), owner=self)

    def rebind(self, changes: Mapping[str, Any]) -> None:
        """End the bucket and start it again with other values, on the port it has."""
        bucket = self.bucket
        if bucket is None or self.phase != "running":
            return
        self._again = {**self.values, "port": bucket.port, **changes}
        self.stop()

    def _ended(self, bucket: Bucket) -> None:
        if bucket is not self.bucket:
            return
        self.bucket = None
        self._set_phase("ended")
        again, self._again = self._again, None
        if again is not None:
            self.start(again)

    def poll(self) -> None:
        """See whether it still runs: it may have been stopped elsewhere."""
        bucket = self.bucket
        if bucket is not None and bucket.log_error is not None and not self._told_log:
            self._told_log = True
            self.desk.warn(f"{bucket.name} goes on without {bucket.settings.log_file}: {bucket.log_error.strerror}")
        if bucket is not None and self.phase == "running" and bucket.state in ("stopped", "failed"):
            self.desk.bridge.call(lambda: self.desk.lab.stop(bucket))
            self.trouble = None if bucket.ended_by is None else launch.ended_by(bucket.ended_by)
            self._ended(bucket)

    # Looking

    @property
    def service(self) -> str:
        """The running bucket's name, "" when none runs."""
        return self.bucket.name if self.bucket is not None else ""

    @property
    def where(self) -> str:
        """Where it listens, "" when it does not."""
        return self.bucket.facts().where if self.bucket is not None else ""

    @property
    def exposed(self) -> bool:
        """Whether other machines can write to it."""
        return self.bucket is not None and self.phase == "running" and self.bucket.facts().exposed

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
