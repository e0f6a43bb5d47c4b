"""A first mail for a server that has none yet, sent to it by SMTP as anybody would. It must not know a window."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from protocols.mail.server.service import MailServer

TIME_OUT_S: Final = 10.0
SENDER: Final = "lab@netlab.example"


def send_sample(server: MailServer) -> str:
    """Send a greeting to the first user; to which address. Raises OSError, smtplib.SMTPException."""
    user, password = next(iter(server.setup.users.items()))
    address = f"{user}@{server.setup.domain or 'netlab.example'}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"The lab <{SENDER}>", address, "Welcome to your mail server"
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="netlab.example")
    message.set_content(f"Hello {user},\n\nthis mail came by SMTP and lies in your INBOX: POP3 and IMAP show it.\n")
    with smtplib.SMTP(*server.ends["smtp"], timeout=TIME_OUT_S) as client:
        if server.setup.tls:
            from protocols.tls import client_context

            client.starttls(context=client_context())
        if server.setup.auth_needed:
            client.login(user, password)
        client.send_message(message)
    return address
