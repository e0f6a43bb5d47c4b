"""Typing a head and a body: to let a held message go on changed, to answer it oneself, to send a request again.

What is not text stays as it is. It must not know the proxy: it says which bytes were typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.proxy.entry import Entry
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.code_edit import CodeEdit, typable
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip

What: TypeAlias = Literal["edit", "answer", "replay"]
BODY_BYTES: Final = 256 << 10
OWN_HEAD: Final = "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8"
OWN_BODY: Final = "Answered by the proxy.\n"
TITLES: Final = {
    "edit request": ("Change the request, then let it go on", "Let it go on changed", "step-forward"),
    "edit response": ("Change the answer, then let it go on", "Let it go on changed", "step-forward"),
    "answer": ("Answer in the origin's place: the client gets this", "Answer with this", "corner-down-left"),
    "replay": ("Send the request again, changed", "Send it again", "send"),
}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """What is to be typed over. body: None where it can't be typed, and why."""

    head: str
    body: str | None
    why: str = ""
    crlf: bool = False


def head_text(head: bytes) -> str:
    """A head as lines to be typed over, without its blank line."""
    return head.decode("latin-1").replace("\r\n", "\n").rstrip("\n")


def head_bytes(text: str) -> bytes:
    """The head that was typed, with its blank line. Raises ValueError for signs that no head can hold."""
    lines = [line.rstrip("\r ") for line in text.strip("\n").split("\n")]
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1")
    except UnicodeEncodeError as error:
        sign = text[error.start] if error.start < len(text) else ""
        raise ValueError(f"A head holds Latin-1 only, and \u201c{sign}\u201d is not in it.") from None


def draft_of(entry: Entry, what: What) -> Draft:
    """What stands there before anything is typed. Reads files: runs on a lab thread."""
    if what == "answer":
        return Draft(OWN_HEAD, OWN_BODY)
    held = entry.state == "held response" and what == "edit"
    side = entry.response if held else entry.request
    head = side.head if held or what == "replay" else side.sent_head or side.head
    spool = side.body
    text = head_text(head)
    if spool.cut or spool.size > BODY_BYTES:
        return Draft(text, None, "The body is too large to be typed here: it goes as it is.")
    raw = spool.read()
    coded = [name for name in ("content-encoding", "transfer-encoding") if f"\n{name}:" in text.lower()]
    if coded and raw:
        return Draft(text, None, f"The body is framed or compressed ({coded[0]}): it goes as it is.")
    try:
        body = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Draft(text, None, "The body is no text: it goes as it is.")
    shown = typable(body)
    if shown is None:
        return Draft(text, None, "The body has line ends that typing would change: it goes as it is.")
    return Draft(text, shown[0], crlf=shown[1])


class EditPage(QWidget):
    """The page. `typed(what, number, head, body, fix_length)`: do this; body None leaves it. `left`: away from here."""

    typed = Signal(str, int, object, object, bool)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what: What = "edit"
        self.number = 0
        self._draft = Draft("", "")
        self.title = Label("", "section")
        self.head, self.body = CodeEdit("Head"), CodeEdit("Body")
        self.why = Label("", "caption", "text2", wrap=True)
        self.fix = QCheckBox("Put Content-Length right")
        self.fix.setChecked(True)
        self.fix.setToolTip("Off: exactly these bytes go, whatever length they claim")
        self.go_button = PrimaryButton("", "step-forward")
        self.cancel_button = Button("Cancel", "x")
        self.strip = TroubleStrip()
        self.strip.banner.action_button.hide()
        texts = Splitter(Qt.Orientation.Horizontal, self.head, self.body)
        texts.setSizes([500, 500])
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.fix)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.go_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        for widget in (self.title, self.strip):
            column.addWidget(widget)
        column.addWidget(texts, 1)
        column.addWidget(self.why)
        column.addLayout(foot)
        self.go_button.clicked.connect(self._on_go)
        self.cancel_button.clicked.connect(self.left)

    def begin(self, entry: Entry, what: What, draft: Draft) -> None:
        """Type over this."""
        self.what, self.number, self._draft = what, entry.number, draft
        side = "response" if entry.state == "held response" else "request"
        title, word, icon = TITLES[f"edit {side}" if what == "edit" else what]
        self.title.setText(f"#{entry.number}: {title}")
        self.go_button.setText(word)
        self.go_button.set_icon(icon)
        self.fix.setVisible(what != "replay")
        self.fix.setChecked(True)
        self.head.show_text(draft.head)
        self.body.show_text(draft.body or "")
        self.body.setEnabled(draft.body is not None)
        self.body.setPlaceholderText("No body" if draft.body is not None else "")
        self.why.setText(draft.why)
        self.why.setVisible(bool(draft.why))
        self.strip.clear()

    def _on_go(self) -> None:
        text = self.head.toPlainText()
        try:
            head = head_bytes(text) if text != self._draft.head or self.what == "answer" else None
        except ValueError as error:
            self.refuse(str(error))
            return
        body: bytes | None = None
        typed = self.body.toPlainText()
        if self.what == "answer" or (self._draft.body is not None and typed != self._draft.body):
            body = (typed.replace("\n", "\r\n") if self._draft.crlf else typed).encode("utf-8", "replace")
        self.typed.emit(self.what, self.number, head, body, self.fix.isChecked())

    def refuse(self, why: str) -> None:
        """Say why it can't be done so."""
        self.strip.tell("Not so", why if why.endswith(".") else f"{why}.")
        self.strip.banner.action_button.hide()
