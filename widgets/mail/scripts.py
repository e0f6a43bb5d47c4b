"""The script for what a view of the mail panel does: its id and its values.

Passwords go into a script only where they are those of the lab's own server. It must not know templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from widgets.mail.account_fields import AccountFields

if TYPE_CHECKING:
    from widgets.mail.panel import MailPanel

SHOWN_LINES = 200


def of(panel: MailPanel) -> tuple[str, Mapping[str, Any]]:
    """The script for the view in front, as (action id, parameters)."""
    view = panel.current_view()
    if view == "mailbox":
        return _mailbox(panel)
    if view == "hand":
        page = panel.hand
        typed = [text[3:] for text in page.dialogue.model.texts() if text.startswith("C: ") and "*****" not in text]
        lines = ["" if text == "(an empty line)" else text for text in typed[:SHOWN_LINES]]
        there = {"host": page.account.account().host, "port": page.account.account().port}
        return "mail-hand", {**there, "lines": tuple(lines)} if lines else there
    if view == "news":
        news = panel.news
        account, group = news.account.account(), news.form["groups"].split(",")[0].strip()
        there = {"host": account.host, "port": account.port}
        return "mail-news", {**there, "group": group} if group else there
    return _compose(panel)


def _account(panel: MailPanel, fields: AccountFields) -> dict[str, Any]:
    account = fields.account()
    own = (account.user, account.password) in panel.logins
    return {
        "host": account.host, "port": account.port, "user": account.user, "password": account.password if own else "",
        "security": account.security, "verify": account.verify,
    }  # fmt: skip


def _compose(panel: MailPanel) -> tuple[str, Mapping[str, Any]]:
    card = panel.ends.compose
    draft = card.draft()
    values = {**_account(panel, card.account), "envelope_from": draft.mail_from(), "envelope_to": draft.rcpt_to(),
              "timeout_s": float(card.fields["timeout_s"])}  # fmt: skip
    if draft.raw is not None:
        return "mail-send", {**values, "raw": draft.raw}
    return "mail-send", {
        **values, "sender": draft.sender, "to": ", ".join(draft.to), "subject": draft.subject, "text": draft.text,
        "html": draft.html, "files": draft.attachments,
    }  # fmt: skip


def _mailbox(panel: MailPanel) -> tuple[str, Mapping[str, Any]]:
    page = panel.mailbox
    values = _account(panel, page.account)
    if page.protocol == "pop3":
        return "mail-pop3", {**values, "delete": any(entry.deleted for entry in page.entries.values())}
    session = page.slot.session
    selected = session.selected.name if session is not None and session.selected is not None else "INBOX"
    return "mail-imap", {**values, "folder": selected}
