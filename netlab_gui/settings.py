"""Settings: what the user chose and what the window looked like, kept from one start to the next.

One INI file with a version. It must not know any widget: it holds plain values, and what is
missing, strange or of another version reads as the default.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Final

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from netlab_gui import places

VERSION: Final = 1
SCALES: Final = (1.0, 1.2, 1.4, 1.7, 2.0)
RECENT_FILES: Final = 8
KEEP_SESSIONS: Final = 20
RECORD_LIMIT_BYTES: Final = 1 << 30


class Settings(QObject):
    """The kept values. Setting one writes it and tells `changed(name)`.

    path: the INI file; by default the one of this user. Read errors give defaults, write
    errors show in `problem`.
    """

    changed = Signal(str)
    current: ClassVar[Settings]
    """Those of the running application, for the settings page."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path or places.settings_file()
        self._file = QSettings(str(self.path), QSettings.Format.IniFormat)
        self._fits = self._number("version", VERSION) == VERSION

    @property
    def dark(self) -> bool:
        """The dark palette is chosen."""
        return self._truth("dark", False)

    @dark.setter
    def dark(self, value: bool) -> None:
        self._keep("dark", value)

    @property
    def scale(self) -> float:
        """Size of all text, 1.0 is as designed, 1.4 for a projector."""
        try:
            return min(max(float(str(self._file.value("scale", 1.0))), 0.8), 2.5)
        except ValueError:
            return 1.0

    @scale.setter
    def scale(self, value: float) -> None:
        self._keep("scale", value)

    @property
    def sessions_dir(self) -> Path:
        """Where sessions are recorded."""
        named = self._file.value("sessions_dir", "")
        return Path(str(named)) if named else places.sessions_dir()

    @sessions_dir.setter
    def sessions_dir(self, value: Path) -> None:
        self._keep("sessions_dir", str(value))

    @property
    def recent_files(self) -> list[Path]:
        """Session files elsewhere that were saved or opened, the latest first."""
        try:
            read = json.loads(str(self._file.value("recent_files", "[]")))
        except ValueError:
            return []
        return [Path(one) for one in read if isinstance(one, str)][:RECENT_FILES] if isinstance(read, list) else []

    def remember_file(self, path: Path) -> None:
        """Put a session file at the head of the recent ones."""
        others = [one for one in self.recent_files if one != path]
        self._keep("recent_files", json.dumps([str(one) for one in (path, *others)][:RECENT_FILES]))

    @property
    def keep_sessions(self) -> int:
        """How many unnamed sessions are kept; older ones are removed at the start."""
        return max(1, self._number("keep_sessions", KEEP_SESSIONS))

    @keep_sessions.setter
    def keep_sessions(self, value: int) -> None:
        self._keep("keep_sessions", value)

    @property
    def record_limit_bytes(self) -> int:
        """Size of a session file beyond which nothing more is recorded into it."""
        return max(1 << 20, self._number("record_limit_bytes", RECORD_LIMIT_BYTES))

    @record_limit_bytes.setter
    def record_limit_bytes(self, value: int) -> None:
        self._keep("record_limit_bytes", value)

    @property
    def confirm_quit(self) -> bool:
        """Ask before quitting while servers run."""
        return self._truth("confirm_quit", False)

    @confirm_quit.setter
    def confirm_quit(self, value: bool) -> None:
        self._keep("confirm_quit", value)

    @property
    def problem(self) -> str:
        """Why the last write failed, as a sentence, or ""."""
        status = self._file.status()
        if status == QSettings.Status.NoError:
            return ""
        return f"The settings can't be kept in {self.path}: check that this file may be written."

    def window(self) -> dict[str, Any]:
        """The window's last state: geometry, docks, panel, panel states. {} when none fits this version."""
        if not self._fits:
            return {}
        try:
            read = json.loads(str(self._file.value("window/parts", "{}")))
        except ValueError:
            return {}
        state: dict[str, Any] = dict(read) if isinstance(read, dict) else {}
        for name in ("geometry", "docks"):
            value = self._file.value(f"window/{name}")
            if isinstance(value, QByteArray):
                state[name] = value
        return state

    def keep_window(self, geometry: QByteArray, docks: QByteArray, parts: dict[str, Any]) -> None:
        """Keep the window's state; `parts` is JSON-able."""
        self._file.setValue("version", VERSION)
        self._file.setValue("window/geometry", geometry)
        self._file.setValue("window/docks", docks)
        self._file.setValue("window/parts", json.dumps(parts))
        self._fits = True
        self.save()

    def save(self) -> bool:
        """Write to the disk now; False when that failed (see `problem`)."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        self._file.sync()
        return self._file.status() == QSettings.Status.NoError

    def _keep(self, name: str, value: Any) -> None:
        self._file.setValue("version", VERSION)
        self._file.setValue(name, value)
        self.changed.emit(name)

    def _truth(self, name: str, default: bool) -> bool:
        return str(self._file.value(name, default)).lower() in ("true", "1")

    def _number(self, name: str, default: int) -> int:
        try:
            return int(str(self._file.value(name, default)))
        except ValueError:
            return default
