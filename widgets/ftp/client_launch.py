"""From the client form's values to a Site. It must not know widgets."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocols import tls, trust
from protocols.ftp.client.site import ANONYMOUS, Family, Security, Site

SECURITY: dict[str, Security] = {"ftp": "none", "explicit": "explicit", "implicit": "implicit"}
FAMILIES: dict[str, Family] = {"4": "4", "6": "6"}


@dataclass(frozen=True)
class Verify:
    """Makes the client's TLS context. whom: "lab" and this person's running labs, "system", or "none"."""

    whom: str

    def __call__(self) -> ssl.SSLContext:
        context = tls.client_context(trust_lab=self.whom == "lab", verify=self.whom != "none")
        if self.whom == "system":
            context.load_default_certs()
        labs = trust.known() if self.whom == "lab" else b""
        if labs:
            try:
                context.load_verify_locations(cadata=labs.decode("ascii", "replace"))
            except ssl.SSLError:
                pass  # left half-written by a lab that was killed
        return context


def site_of(values: Mapping[str, Any]) -> Site:
    """The site that a form's values say."""
    protocol = str(values.get("protocol", "ftp"))
    sftp = protocol == "sftp"
    user = str(values.get("user", "")) or ("" if sftp else ANONYMOUS[0])
    password = str(values.get("password", "")) or (ANONYMOUS[1] if user == ANONYMOUS[0] else "")
    keys = str(values.get("host_key", ""))
    return Site(
        str(values.get("host", "127.0.0.1")).strip(), int(values.get("port", 21)), user, password,
        security=SECURITY.get(protocol, "none"), context=Verify(str(values.get("verify", "lab"))),
        passive=values.get("mode", "passive") == "passive", extended=bool(values.get("extended", False)),
        family=FAMILIES.get(str(values.get("family", "auto")), "auto"),
        timeout_s=int(values.get("timeout_ms", 15_000)) / 1000, scheme="sftp" if sftp else "ftp",
        host_keys=tuple(keys.split()) if keys else None,
    )  # fmt: skip
