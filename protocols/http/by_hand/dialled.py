"""A blocking, traced connection for Python's own libraries, which are handed it in place of one they would make.

It must not know what they say on it.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from protocols.record.traced_tls import wrap_tls

CONNECT_S: Final = 10.0


def dialled(
    recorder: Recorder, service: str, address: tuple[str, int], *, context: ssl.SSLContext | None = None,
    connect_s: float = CONNECT_S, timeout_s: float | None = None,
) -> socket.socket:  # fmt: skip
    """Connect to each address of a name until one answers; with `context` shake hands, too. Raises OSError."""
    failed: OSError = OSError("The name has no address")
    for family, kind, proto, _canonical, where in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        sock = traced_socket(recorder, service, family, kind, proto)
        try:
            sock.settimeout(connect_s)
            sock.connect(where)
            made: socket.socket = sock
            if context is not None:
                made = wrap_tls(context, sock, server_side=False, server_hostname=address[0])
            made.settimeout(timeout_s)
            return made
        except OSError as error:
            sock.close()
            failed = error
    raise failed
