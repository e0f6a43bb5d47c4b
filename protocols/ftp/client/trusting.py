"""Whom a client of FTPS trusts: the lab, this person's running labs, the system, or a file of authorities.

It must not know connections.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from protocols import tls, trust
from protocols.ftp.client.site import SiteError


@dataclass(frozen=True)
class Trusting:
    """Makes a client's TLS context. labs, system: whose authorities count. file: in place of both. verify: at all."""

    labs: bool = True
    system: bool = True
    file: str = ""
    verify: bool = True

    def __call__(self) -> ssl.SSLContext:
        """The context. Raises SiteError for a file that is none."""
        context = tls.client_context(trust_lab=self.labs and not self.file, verify=self.verify)
        if self.file:
            try:
                context.load_verify_locations(self.file)
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                raise SiteError(f"{self.file} can't be used as authorities: {why}") from None
            return context
        if self.system:
            context.load_default_certs()
        running = trust.known() if self.labs else b""
        if running:
            try:
                context.load_verify_locations(cadata=running.decode("ascii", "replace"))
            except ssl.SSLError:
                pass  # left half-written by a lab that was killed
        return context
