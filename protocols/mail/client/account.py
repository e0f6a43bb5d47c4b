"""Account: where a mailbox or a server is, and how one identifies oneself there. It must not know a protocol."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from protocols import trust
from protocols.tls import client_context, lab_ca

Security: TypeAlias = Literal["none", "starttls", "tls"]
TIMEOUT_S: Final = 15.0
MESSAGE_BYTES: Final = 512 << 20
"""What a server announces or sends beyond this is refused: a lie costs no memory."""


@dataclass(frozen=True)
class Account:
    """host, port: of the server. user "": nobody is logged in. mechanism: "auto", or an AUTH word (SMTP).

    timeout_s: limits the connect, each silence, and each answer. verify: False takes any certificate.
    message_bytes: the biggest message that is taken.
    """

    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    security: Security = "none"
    mechanism: str = "auto"
    timeout_s: float = TIMEOUT_S
    verify: bool = True
    message_bytes: int = MESSAGE_BYTES

    @property
    def where(self) -> str:
        """host:port, as people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """For TLS: it trusts this lab's authority, those of this person's running labs, and the system's."""
        context = client_context(verify=self.verify)
        if self.verify:
            context.load_default_certs()
            labs = lab_ca().pem + b"\n" + trust.known()
            context.load_verify_locations(cadata=labs.decode("ascii", "ignore"))
        return context
