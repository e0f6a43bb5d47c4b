"""Which buttons mend which failure of a request: the words and signs of each, by its symbol.

Data and choice; what a button does is in the view of both ends. It must not know cards or services.
"""

from __future__ import annotations

from typing import Final

from protocols.http.failure import Failure
from widgets.parts.trouble import Mend

SERVER: Final = Mend("other-end", "Start a server there and send", "play")
RETRY: Final = Mend("retry", "Send again", "rotate-cw")
LONGER: Final = Mend("longer", "Wait ten times as long", "hourglass")
TRUST_LAB: Final = Mend("trust-lab", "Trust this lab and send", "shield-check")
NO_VERIFY: Final = Mend("no-verify", "Check nothing and send", "shield")
NO_FOLLOW: Final = Mend("no-follow", "Do not follow redirects", "step-forward")
DIRECT: Final = Mend("direct", "Go without the proxy", "step-forward")
OTHER_VERSION: Final = Mend("other-version", "Ask for the best of both", "rotate-cw")
PLAIN: Final = Mend("plain", "Use http", "lock-open")
SECURE: Final = Mend("secure", "Use https", "lock")


def mends_for(failure: Failure, believed: str = "") -> tuple[Mend, ...]:
    """The ways out of a failure. believed: which authorities the request believed, "" where that is not known."""
    symbol = failure.symbol
    if failure.at_proxy:
        return (DIRECT, RETRY)
    if failure.perhaps_tls:
        return (SECURE, RETRY)
    if symbol == "HTTP3":
        return (OTHER_VERSION, RETRY)
    if symbol == "ECONNREFUSED":
        return (SERVER, RETRY)
    if symbol.startswith("EAI_") or symbol in ("ENETUNREACH", "EHOSTUNREACH"):
        return (SERVER, RETRY)
    if symbol == "CERTIFICATE_VERIFY_FAILED":
        return (NO_VERIFY,) if believed == "lab" else (TRUST_LAB, NO_VERIFY)
    if symbol in ("TIMEOUT", "ETIMEDOUT"):
        return (LONGER, RETRY)
    if "REDIRECT" in symbol:
        return (NO_FOLLOW,)
    if symbol in ("WRONG_VERSION_NUMBER", "TLS", "SSL"):
        return (PLAIN, RETRY)
    return (RETRY,) if symbol not in ("CANCELLED", "STOPPED", "CUT") else ()
