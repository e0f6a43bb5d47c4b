"""The panel's entries in the registry of actions: what the palette, the menus and the keys can do here.

It must not know how the views do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QAction, QGuiApplication

if TYPE_CHECKING:
    from widgets.mail.panel import MailPanel

GROUP: Final = "Mail"


class PanelActions:
    """Registers the actions and keeps them enabled as the views allow."""

    def __init__(self, panel: MailPanel) -> None:
        self._panel = panel
        self._allowed: list[tuple[QAction, Callable[[], bool]]] = []
        ends = panel.ends
        add = self._add
        sending = ends.sending
        add("send", "Send the mail", self._send, "send", "", "What the card says", lambda: not sending.busy)
        add("cancel", "Cancel the sending", sending.cancel, "square", "", "At once", lambda: sending.busy)
        add("server", "Start a mail server", ends.give_other_end, "play", "", "SMTP, POP3 and IMAP on one store")
        add("hold", "Hold each SMTP command", ends.hold_button.toggle, "pause", "", "Look at it before it is sent")
        add("source", "Make the raw source of the fields", ends.make_source, "file-code", "", "In the Source tab")
        add("mailbox", "Open the mailbox", self._mailbox, "mail", "", "By IMAP or POP3")
        add("transcripts", "Compare both transcripts", lambda: panel.show_view("transcripts"), "columns-2")
        add("hand", "A session by hand", lambda: panel.show_view("hand"), "square-terminal", "", "Type the lines")
        add("news", "Read news", lambda: panel.show_view("news"), "book-open", "", "Groups and articles, over NNTP")
        add("copy", "Copy the dialogue", self._copy, "copy", "", "C: and S: lines, secrets masked",
            lambda: bool(ends.dialogue.model.rowCount()))  # fmt: skip
        add("python", "Show as Python", self.show_python, "code-xml", "", "The script for what the view does")
        ends.sending.slot.changed.connect(self.refresh)
        self.refresh()

    def _add(
        self, name: str, text: str, handler: Callable[[], Any], icon: str, keys: str = "", tip: str = "",
        allowed: Callable[[], bool] | None = None,
    ) -> None:  # fmt: skip
        visible = self._panel.isVisible
        fits = (lambda: visible() and allowed()) if allowed else visible
        action = self._panel.desk.actions.add(f"mail.{name}", text, handler, icon, keys or None, GROUP, tip, fits=fits)
        if allowed is not None:
            self._allowed.append((action, allowed))

    def refresh(self, *_: object) -> None:
        """Allow what the views allow."""
        for action, allowed in self._allowed:
            action.setEnabled(allowed())

    def _send(self) -> None:
        self._panel.show_view("ends")
        self._panel.ends.send()

    def _mailbox(self) -> None:
        self._panel.show_view("mailbox")
        if self._panel.mailbox.slot.phase in ("idle", "ended"):
            self._panel.mailbox.open()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self._panel.ends.dialogue.model.texts()))
        self._panel.desk.toast("Copied the dialogue")

    def script(self) -> tuple[str, Mapping[str, Any]]:
        """The script of what the view in front does, as (action id, parameters)."""
        from widgets.mail import scripts

        return scripts.of(self._panel)

    def show_python(self) -> None:
        """Open the drawer with the script for what the view does."""
        self._panel.desk.show_python(*self.script())
