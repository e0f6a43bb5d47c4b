"""Places: where NetLab keeps its settings, sessions and reports.

One directory each by the habits of the system, or all of them under NETLAB_HOME. It must
not load Qt: headless commands use it too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "netlab"


def _home() -> Path | None:
    named = os.environ.get("NETLAB_HOME")
    return Path(named).expanduser() if named else None


def _base(variable: str, linux: str, mac: str, windows: str) -> Path:
    home = _home()
    if home is not None:
        return home
    if sys.platform == "win32":
        return Path(os.environ.get(windows, str(Path.home()))) / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / NAME
    named = os.environ.get(variable, "")
    return (Path(named) if named.startswith("/") else Path.home() / linux) / NAME


def settings_file() -> Path:
    """The file with the settings and the window's last state."""
    return _base("XDG_CONFIG_HOME", ".config", "Preferences", "APPDATA") / "netlab.ini"


def data_dir() -> Path:
    """The directory with what the user made."""
    return _base("XDG_DATA_HOME", ".local/share", "Application Support", "LOCALAPPDATA")


def sessions_dir() -> Path:
    """The directory that sessions are recorded into, unless the settings say another."""
    return data_dir() / "sessions"


def seal_file() -> Path:
    """The key with which this person's sessions seal what they noted of their own rows. It stays on this machine."""
    return data_dir() / "session.key"


def state_dir() -> Path:
    """The directory of the journal and the crash reports."""
    return _base("XDG_STATE_HOME", ".local/state", "Logs", "LOCALAPPDATA")


def crash_dir() -> Path:
    """The directory of the crash reports. They stay on this machine."""
    return state_dir() / "crashes"


def journal_file() -> Path:
    """The text file in which each start and each step of a shutdown stands."""
    return state_dir() / "netlab.log"
