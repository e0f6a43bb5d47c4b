"""The lab's certificates as files, for programs outside the lab: the CA to trust, and a server's key and chain.

Asks where to, writes on a lab thread, and remembers the places for the scripts. It must not know
how certificates are made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from widgets.desk import Desk
from widgets.sockets.client.launch import LAB_CA_FILE


class Authority:
    """ca_file, pem_file: where they were written to last, "" before. desk: its bridge writes, its toast tells."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        self._desk, self._parent = desk, parent
        self.ca_file = self.pem_file = ""

    def ask(self) -> None:
        """Ask where the CA's certificate is to be written."""
        self._dialog("Export the lab CA", LAB_CA_FILE, self.export)

    def ask_pem(self, certificate: str) -> None:
        """Ask where a server's key and certificates are to be written. certificate: a good one, or a flaw's name."""
        self._dialog("Export key and certificates", "server.pem", lambda path: self.export_pem(path, certificate))

    def _dialog(self, title: str, name: str, chosen: Any) -> None:
        dialog = QFileDialog(self._parent, title, name, "PEM (*.pem)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pem")
        dialog.fileSelected.connect(lambda path: chosen(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export(self, path: Path) -> None:
        """Write the CA's certificate: what a client must trust."""
        self._write(lambda: _write_ca(path), path, "ca_file")

    def export_pem(self, path: Path, certificate: str = "good") -> None:
        """Write a server's private key and chain, readable for its owner only."""
        self._write(lambda: _write_pem(path, certificate), path, "pem_file")

    def _write(self, work: Any, path: Path, name: str) -> None:
        self._desk.bridge.call(work, lambda _: self._on_written(path, name), self._on_failed, owner=self._parent)

    def _on_written(self, path: Path, name: str) -> None:
        setattr(self, name, str(path))
        self._desk.toast(f"Saved as {path.name}")

    def _on_failed(self, error: BaseException) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        self._desk.decline(f"Not saved: {reason}")

    def known(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A script's values with the files that were exported in this run."""
        made = dict(params)
        if self.ca_file and made.get("ca_file") == LAB_CA_FILE:
            made["ca_file"] = self.ca_file
        if self.pem_file and made.get("tls") and "model" in made:
            made["certificate"] = self.pem_file
        return made


def _write_ca(path: Path) -> None:
    from protocols import tls

    path.write_bytes(tls.lab_ca().pem)


def _write_pem(path: Path, certificate: str) -> None:
    from protocols import tls

    pem = tls.server_pem([], flaw=certificate if certificate in tls.FLAWS else None)
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(pem)
