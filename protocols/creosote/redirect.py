"""Redirect: where a bucket forwards to. Unchanged, and never back to the bucket itself.

The target is looked up once, where the bucket starts: a name server must not be asked for each
datagram. It must not know what the payloads mean.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from typing import Final

from protocols.creosote.wire import BROADCASTS
from protocols.service.base import ServiceError

_NOBODY: Final = (errno.ECONNREFUSED, errno.EAGAIN)
_EVERYWHERE: Final = ("0.0.0.0", "::")


class Redirect:
    """An open socket to one target. forwarded, failed: datagrams that were sent on, and that could not be.

    own: the addresses that the bucket itself is bound to. Raises ServiceError with a sentence for a target that is
    not known, or that would send every datagram round in a circle.
    """

    def __init__(self, target: tuple[str, int], own: Sequence[tuple[str, int]]) -> None:
        self.forwarded = 0
        self.failed = 0
        host, port = target
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise ServiceError(f"Nothing can be redirected to {host}: {said}") from None
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        self._address = address
        self._target = f"{host}:{port}"
        if _leads_back(str(address[0]), int(address[1]), own):
            raise ServiceError(f"{host}:{port} is this bucket itself: each datagram would go round for ever")
        self._sock = socket.socket(family, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def send(self, payloads: Sequence[bytes]) -> str:
        """Forward these; the symbol of what kept some of them back, or ""."""
        symbol = ""
        for payload in payloads:
            try:
                self._sock.sendto(payload, self._address)
                self.forwarded += 1
            except OSError as error:
                if error.errno in _NOBODY:
                    continue
                self.failed += 1
                symbol = errno.errorcode.get(error.errno or 0, "EIO")
        return symbol

    def why(self, symbol: str) -> str:
        """The sentence for what kept datagrams back."""
        reason = os.strerror(getattr(errno, symbol))
        return f"The redirector could not forward {self.failed} datagrams to {self._target}: {reason}."

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


def _leads_back(host: str, port: int, own: Sequence[tuple[str, int]]) -> bool:
    for bound, bound_port in own:
        if bound_port == port and (bound == host or (bound in _EVERYWHERE and (host in BROADCASTS or _is_here(host)))):
            return True
    return False


def _is_here(host: str) -> bool:
    """Whether an address is one of this machine's: then a socket can be bound to it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            return False
    return True
