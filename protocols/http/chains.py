"""The certificates that a TLS peer shows, also where they are not believed.

What comes from an unverified connection is for looking at only. It must not know HTTP.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

from protocols.certificates import CertificateFacts, TLSError, describe_certificate

_DER = 2
"""_ssl.ENCODING_DER, of the certificate objects that Python has had before 3.13."""


def shown_chain(tls: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The peer's certificates as it sent them, its own first, as DER."""
    try:
        if hasattr(tls, "get_unverified_chain"):  # from Python 3.13 on
            return tuple(bytes(der) for der in tls.get_unverified_chain())
        inner: Any = getattr(tls, "_sslobj", None)
        found = inner.get_unverified_chain() if inner is not None else None
        if found:
            return tuple(bytes(one.public_bytes(_DER)) for one in found)
    except (AttributeError, ValueError, ssl.SSLError):
        pass
    own = tls.getpeercert(binary_form=True)
    return (own,) if own else ()


def looking_context() -> ssl.SSLContext:
    """A context that believes anything: nothing may be sent over its connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fetch_chain(host: str, port: int, server_name: str = "", timeout_s: float = 3.0) -> tuple[bytes, ...]:
    """Connect once more, only to see the certificates that were refused. () where that fails, too."""
    try:
        with (
            socket.create_connection((host, port), timeout_s) as plain,
            looking_context().wrap_socket(plain, server_hostname=server_name or host) as tls,
        ):
            return shown_chain(tls)
    except (OSError, ValueError):
        return ()


def described(chain: tuple[bytes, ...]) -> tuple[CertificateFacts, ...]:
    """The chain in plain words, as far as it can be read."""
    facts = []
    for der in chain:
        try:
            facts.append(describe_certificate(der))
        except TLSError:
            break
    return tuple(facts)
