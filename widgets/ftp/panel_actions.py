"""The panel's entries in the registry of actions, and what it shows as Python. It must not know how the views do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from protocols.ftp.client.site import shown

if TYPE_CHECKING:
    from widgets.ftp.panel import FtpPanel

GROUP: Final = "FTP"
_IDS: Final = {"get": "ftp-get", "put": "ftp-put", "list": "ftp-list"}


class PanelActions:
    """Registers the panel's actions."""

    def __init__(self, panel: FtpPanel) -> None:
        self._panel = panel
        add = self._add
        add("connect", "Connect the FTP client", panel.ends.client.connect_now, "plug", self._idle)
        add("other-end", "Start an FTP server with sample files and connect", panel.ends.give_other_end, "play",
            self._idle)
        add("disconnect", "Disconnect the FTP client", panel.slot.close, "unplug", self._connected)
        add("files", "Show the files of both sides", lambda: panel.show_view("files"), "folder-open")
        add("lanes", "Show both FTP connections", lambda: panel.show_view("lanes"), "arrow-left-right")
        add("server", "Start the FTP server", panel.ends.server.start, "server",
            lambda: panel.ends.server.server is None)
        add("hand", "Type FTP commands by hand", lambda: panel.show_view("hand"), "terminal")
        add("get", "Get what is chosen there", self._get, "arrow-left", self._connected)
        add("put", "Put what is chosen here", self._put, "arrow-right", self._connected)
        add("cancel", "Cancel transfers", self._cancel, "circle-stop", self._connected)
        add("python", "Show FTP as Python", self.show_python, "code-xml")

    def _add(
        self, name: str, text: str, handler: Callable[[], Any], icon: str, allowed: Callable[[], bool] | None = None
    ) -> None:
        visible = self._panel.isVisible
        fits = (lambda: visible() and allowed()) if allowed is not None else visible
        self._panel.desk.actions.add(f"ftp.{name}", text, handler, icon, None, GROUP, fits=fits)

    def _idle(self) -> bool:
        return self._panel.slot.phase in ("idle", "ended")

    def _connected(self) -> bool:
        return self._panel.slot.phase == "connected"

    def _get(self) -> None:
        files = self._panel.files
        files.get(files.there.view.chosen())

    def _put(self) -> None:
        files = self._panel.files
        files.put(files.here.view.chosen())

    def _cancel(self) -> None:
        self._panel.files.queue.cancel_chosen()

    def script(self) -> tuple[str, Mapping[str, Any]]:
        """The script for what the view in front would do, as (action id, parameters)."""
        panel = self._panel
        values = panel.slot.values or panel.ends.client.form.fields.values()
        if values.get("protocol") == "sftp":
            return "sftp", {"host": str(values["host"]), "port": int(values["port"]), "user": str(values["user"]),
                            "host_keys": tuple(str(values["host_key"]).split())}  # fmt: skip
        site = {
            "host": str(values["host"]), "port": int(values["port"]), "user": str(values["user"]),
            "tls": values["protocol"] == "explicit", "implicit": values["protocol"] == "implicit",
            "verify": values["verify"] != "none", "passive": values["mode"] == "passive",
            "timeout_s": int(values["timeout_ms"]) / 1000,
        }  # fmt: skip
        if panel.current_view() == "hand":
            return "ftp-command", {**site, **panel.hand.action()}
        if panel.current_view() == "ends":
            return "ftp-list", site
        return self._file_script(site)

    def _file_script(self, site: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        files = self._panel.files
        kind, facts = files.action()
        path = shown(str(facts["path"]))
        if kind == "list":
            return _IDS[kind], {**site, "path": path}
        text = files.fields["mode"] == "text"
        block = int(files.fields["block"]) if files.fields["caller"] else 65536
        moved = {**site, "path": path, "local": shown(str(facts["name"])), "text": text, "block_size": block}
        if kind == "get":
            moved |= {"callback": str(files.fields["caller"]) or "method",
                      "resume": files.fields["existing"] == "resume" and not text}  # fmt: skip
        return _IDS[kind], moved

    def show_python(self) -> None:
        """Open the drawer with the script."""
        self._panel.desk.show_python(*self.script())
