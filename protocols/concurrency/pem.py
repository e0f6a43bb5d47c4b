"""Make a TLS server context of a PEM text. It must not know where the key came from."""

from __future__ import annotations

import os
import ssl
import tempfile


def context_of_pem(pem: bytes) -> ssl.SSLContext:
    """A server context of a private key and its certificate chain in one PEM text. Raises ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    fd, path = tempfile.mkstemp(prefix="netlab-", suffix=".pem")  # ssl reads keys from files only; mode 0600
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
    finally:
        os.unlink(path)
    return context
