"""Which buttons mend which error of the client, by the error's symbol. It must not know cards or services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.record.explain import Explained
from widgets.parts.trouble import Mend

RETRY: Final = Mend("retry", "Try again", "rotate-cw")
EDIT: Final = Mend("edit", "Change the address", "pencil")
START: Final = Mend("other-end", "Start a server here and connect", "play")
TLS: Final = Mend("explicit", "Use explicit TLS and retry", "lock")
EDIT_USER: Final = Mend("edit-user", "Change name and password", "pencil")
NO_TLS: Final = Mend("no-tls", "Connect without TLS", "lock-open")


def client_mends(told: Explained, values: Mapping[str, Any]) -> tuple[Mend, ...]:
    """The ways out of an error. values: the form's values when it came."""
    if values.get("protocol") == "ftp" and "wants TLS" in told.title:
        return (TLS, EDIT_USER)
    match told.errno:
        case "ECONNREFUSED":
            return (START, EDIT)
        case "CERTIFICATE_VERIFY_FAILED":
            return (Mend("trust-lab", "Trust the lab CA and retry", "shield-check"),
                    Mend("no-verify", "Check nothing and retry", "shield"))  # fmt: skip
        case "HOST_KEY":
            return (Mend("trust-key", "The fingerprint is right: trust it", "key"), EDIT)
        case "530" | "430" | "SSH_LOGIN":
            return (EDIT_USER,)
        case "NOT_TLS" | "500" | "502" | "504" if values.get("protocol") == "explicit":
            return (NO_TLS, EDIT)
        case "WRONG_VERSION_NUMBER" | "RECORD_LAYER_FAILURE":
            return (TLS, NO_TLS)
        case "NO_REPLY" | "TIMEOUT":
            return (RETRY, Mend("implicit", "Use implicit TLS and retry", "lock"), EDIT)
    if told.errno.startswith("EAI_"):
        return (Mend("loopback", "Use 127.0.0.1", "monitor"), EDIT)
    return (RETRY, EDIT)


CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "explicit": {"protocol": "explicit"}, "no-tls": {"protocol": "ftp"}, "implicit": {"protocol": "implicit"},
    "trust-lab": {"verify": "lab"}, "no-verify": {"verify": "none"}, "loopback": {"host": "127.0.0.1"},
    "passive": {"mode": "passive"},
}  # fmt: skip
"""What a mend sets in the form before it is tried again."""
