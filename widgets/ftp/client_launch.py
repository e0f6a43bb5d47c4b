"""From the client form's values to a Site. It must not know widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.ftp.client.site import ANONYMOUS, Family, Security, Site
from protocols.ftp.client.trusting import Trusting

SECURITY: dict[str, Security] = {"ftp": "none", "explicit": "explicit", "implicit": "implicit"}
TRUST: dict[str, Trusting] = {
    "lab": Trusting(system=False), "system": Trusting(labs=False), "none": Trusting(verify=False),
}  # fmt: skip
FAMILIES: dict[str, Family] = {"4": "4", "6": "6"}


def site_of(values: Mapping[str, Any]) -> Site:
    """The site that a form's values say."""
    protocol = str(values.get("protocol", "ftp"))
    sftp = protocol == "sftp"
    user = str(values.get("user", "")) or ("" if sftp else ANONYMOUS[0])
    password = str(values.get("password", "")) or (ANONYMOUS[1] if user == ANONYMOUS[0] else "")
    keys = str(values.get("host_key", ""))
    return Site(
        str(values.get("host", "127.0.0.1")).strip(), int(values.get("port", 21)), user, password,
        security=SECURITY.get(protocol, "none"), context=TRUST.get(str(values.get("verify")), TRUST["lab"]),
        passive=values.get("mode", "passive") == "passive", extended=bool(values.get("extended", False)),
        family=FAMILIES.get(str(values.get("family", "auto")), "auto"),
        timeout_s=int(values.get("timeout_ms", 15_000)) / 1000, scheme="sftp" if sftp else "ftp",
        host_keys=tuple(keys.split()) if keys else None,
    )  # fmt: skip
