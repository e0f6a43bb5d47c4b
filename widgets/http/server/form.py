"""The form of a web server: what it serves, how many at once, where, and with or without TLS.

A list of fields by key; what they make is in `server_launch`. It must not know services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.http.server.words import (
    SITES,
    barker_choices,
    deploy_choices,
    framing_choices,
    kind_choices,
    model_choices,
    site,
    site_choices,
    tls_choices,
)
from widgets.parts.buttons import Button
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.paths import ask_folder
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip

if TYPE_CHECKING:
    from widgets.http.server.types_dialog import TypesDialog

LIBRARIES: Final = ("waitress", "uvicorn")
"""They have their own ways of serving many."""
HOSTS: Final = (
    Choice("127.0.0.1", "127.0.0.1, this machine only"), Choice("::1", "::1, this machine only (IPv6)"),
    Choice("0.0.0.0", "0.0.0.0, every IPv4 interface"), Choice("::", "::, every IPv6 interface"),
)  # fmt: skip


class ServerForm(QWidget):
    """The fields; the card's head has the button. strip: where a start that failed is told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.strip = TroubleStrip()
        self.explained = Label("", "body", "text2", wrap=True)
        self.root_button = Button("Choose\u2026", "folder-open", small=True)
        self.code_button = Button("Write it\u2026", "pencil", small=True)
        self.types_button = Button("Table\u2026", "table", small=True)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        for row in (self._what(), self._where()):
            column.addWidget(row)
        column.addWidget(self.explained)
        column.addWidget(self.strip)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))
        self.root_button.clicked.connect(
            lambda: ask_folder(self, "Folder to serve", lambda path: self.fields.set_values({"root": str(path)}))
        )
        self.types_button.clicked.connect(self.show_types)
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def _what(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("site", "What it serves", site_choices()))
        row.add(add.line("root", "Folder", hint="The sample site of the lab", characters=24), 1)
        row.add(self.root_button)
        row.flow.setAlignment(self.root_button, Qt.AlignmentFlag.AlignBottom)
        cgi = add.check("cgi", "Run CGI", tip="What lies in cgi-bin and htbin is run as a program; off by default")
        row.add(cgi)
        row.flow.setAlignment(cgi, Qt.AlignmentFlag.AlignBottom)
        row.add(add.line("types", "Media types", hint="The usual ones", characters=14,
                         tip="Before the usual ones: .md=text/markdown, .log=text/plain"))  # fmt: skip
        row.add(self.types_button)
        row.flow.setAlignment(self.types_button, Qt.AlignmentFlag.AlignBottom)
        row.add(add.line("app", "module:app", hint="wsgiref.simple_server:demo_app", characters=26,
                         tip="A module of the folder, or any that Python finds"), 1)  # fmt: skip
        row.add(add.line("app_folder", "Its folder", hint="None", characters=14), 1)
        row.add(add.choice("code_kind", "It is a", kind_choices()))
        row.add(self.code_button)
        row.flow.setAlignment(self.code_button, Qt.AlignmentFlag.AlignBottom)
        add.hold("code")
        row.add(add.choice("deploy", "Run by", deploy_choices()))
        row.add(add.line("methods", "Methods it knows", "GET, HEAD", characters=18, tip="All others get 501"), 1)
        row.add(add.number("status", "Answers", 200, (200, 599)))
        row.add(add.line("answer_type", "As", "text/html; charset=utf-8", characters=18), 1)
        row.add(add.choice("framing", "Says where it ends by", framing_choices()))
        row.add(add.line("answer", "Body", "<h1>Hello</h1>", characters=24), 1)
        row.add(add.choice("step", "Step", barker_choices()), 1)
        return row

    def _where(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("tls", "Scheme", tls_choices()))
        row.add(add.choice("host", "Where", HOSTS))
        row.add(add.number("port", "Port", 8080, (0, 65535), zero="any free"))
        row.add(add.choice("model", "How it serves many", model_choices()))
        row.add(add.number("workers", "Workers", 4, (1, 256)))
        row.add(add.number("delay_ms", "Delay", 0, (0, 60_000), suffix=" ms", tip="Before each answer"))
        self.fields.set_values({"model": "threads"})
        return row

    def _suit(self) -> None:
        chosen = site(self.fields["site"])
        own = {key for one in SITES for key in one.fields}
        for key in own:
            if key in self.fields:
                self.fields.show(key, key in chosen.fields)
        self.root_button.setVisible("root" in chosen.fields)
        self.types_button.setVisible("types" in chosen.fields)
        self.code_button.setVisible(chosen.key == "program")
        handler = chosen.key == "program" and self.fields["code_kind"] == "handler"
        self.fields.show("deploy", "deploy" in chosen.fields and not handler)
        library = handler or ("deploy" in chosen.fields and self.fields["deploy"] in LIBRARIES)
        for key in ("tls", "model", "delay_ms"):
            self.fields.show(key, not library)
        self.fields.show("workers", (library and not handler) or self.fields["model"] == "pool")
        words = [chosen.sentence]
        if chosen.key == "wsgi":
            words.append("Its code runs in a process of its own, never within the window's.")
        if self.fields["host"] in ("0.0.0.0", "::"):
            words.append("Everyone who can reach this machine can connect.")
        self.explained.setText(" ".join(words))

    def show_types(self) -> TypesDialog:
        """Open the table of media types."""
        from widgets.http.server.types_dialog import TypesDialog

        dialog = TypesDialog(self.fields["types"], self)
        dialog.changed.connect(lambda line: self.fields.set_values({"types": line}))
        dialog.open_over()
        return dialog

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields; what is strange is ignored."""
        self.fields.set_values(values)
        self._suit()
