"""The panel's entries in the registry of actions, and what it shows as Python. It must not know how the views do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from protocols.ftp.client.site import shown
from protocols.tls import lab_ca

if TYPE_CHECKING:
    from widgets.ftp.panel import FtpPanel

GROUP: Final = "FTP"
_FOLDERS: Final = {"get-folder": "ftp-get-folder", "put-folder": "ftp-put-folder"}


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
        there = {"host": str(values["host"]), "port": int(values["port"]), "user": str(values["user"])}
        if panel.ends.is_own(values):
            there["password"] = str(values["password"])  # of the lab's own server: everybody may know it
        if values.get("protocol") == "sftp":
            return "sftp", {**there, "host_keys": tuple(str(values["host_key"]).split()), **self._ssh_act()}
        secure = values["protocol"] in ("explicit", "implicit")
        site = {
            **there, "tls": values["protocol"] == "explicit", "implicit": values["protocol"] == "implicit",
            "verify": values["verify"] != "none", "passive": values["mode"] == "passive",
            "ca_file": str(lab_ca().path()) if secure and values["verify"] == "lab" else "",
            "timeout_s": int(values["timeout_ms"]) / 1000,
        }  # fmt: skip
        if panel.current_view() == "hand":
            return "ftp-command", {**site, **panel.hand.action()}
        if panel.current_view() != "files":
            return "ftp-list", site
        return self._file_script(site)

    def _act(self) -> tuple[str, dict[str, str]]:
        kind, facts = self._panel.files.action()
        return kind, {key: shown(str(value)) for key, value in facts.items()}

    def _ssh_act(self) -> dict[str, str]:
        if self._panel.current_view() != "files":
            return {"act": "list"}
        kind, facts = self._act()
        return {"act": kind, "folder": facts["path"]} if kind == "list" else {"act": kind, **facts}

    def _file_script(self, site: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        files = self._panel.files
        kind, facts = self._act()
        if kind == "list":
            return "ftp-list", {**site, **facts}
        if kind in _FOLDERS:
            return _FOLDERS[kind], {**site, **facts}
        if kind not in ("get", "put"):
            return "ftp-folder", {**site, **facts, "act": kind}
        text = files.fields["mode"] == "text"
        block = int(files.fields["block"]) if files.fields["caller"] else 65536
        moved = {**site, **facts, "text": text, "block_size": block}
        if kind == "get":
            moved |= {"callback": str(files.fields["caller"]) or "method",
                      "resume": files.fields["existing"] == "resume" and not text}  # fmt: skip
        return f"ftp-{kind}", moved

    def show_python(self) -> None:
        """Open the drawer with the script."""
        self._panel.desk.show_python(*self.script())
