"""Which envelope a mail had, as far as the lab knows: its own server's, its own client's, or the header's word.

It must not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.mail.message.envelope import Envelope, of_header
from protocols.mail.message.shown import Shown
from protocols.mail.server.service import MailServer
from widgets.mail.compose.sending import Sending


class Envelopes:
    """Looks an envelope up. server: gives the lab's server that runs, or None."""

    def __init__(self, server: Callable[[], MailServer | None], sending: Sending) -> None:
        self._server = server
        self._sending = sending

    def find(self, shown: Shown, address: tuple[str, int], user: str, uid: int) -> Envelope | None:
        """The envelope of a mail that lies in the INBOX of `user` at `address`. uid: there, 0 for none."""
        server = self._server()
        if server is not None and uid and address in server.ends.values():
            found = server.delivered_as(user, uid)
            if found is not None:
                return Envelope(found.sender, found.recipients, "server")
        sent = self._sending.envelopes.get(shown.message_id) if shown.message_id else None
        if sent is not None:
            return Envelope(sent.sender, sent.recipients, "client")
        return of_header(shown.lines)
