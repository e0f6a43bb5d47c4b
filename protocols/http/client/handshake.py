"""Handshake: where a request stands that identifies itself by NTLM, and what goes next.

NTLM identifies a connection, not a request: messages 1 and 3 go over the same one, or it is over. The messages are
made by pyspnego, whatever libcurl was built with. It must not know libcurl, nor who drives it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final, Literal

from protocols.http import failure
from protocols.http.client.redirects import without_body
from protocols.http.exchange import Exchange, Head
from protocols.http.failure import Failure
from protocols.http.ntlm import NtlmError, header_of, read_message, token_of
from protocols.http.request import Auth, Body, Request, RequestError

_PLAIN, _FIRST, _THIRD, _OVER = range(4)
_NOTHING: Final = Body("file", raw=b"")
Ends = tuple[tuple[str, int], tuple[str, int]]


class Handshake:
    """One request's way in: asked plainly, then with message 1, then with message 3. In the client's thread only.

    Raises RequestError where it can't be.
    """

    def __init__(self, request: Request) -> None:
        if request.url.partition(":")[0].lower() not in ("http", "https"):
            raise RequestError("NTLM is spoken over http and https alone; choose Basic for this URL")
        if request.version in ("2", "3"):
            raise RequestError(f"NTLM identifies one connection, which HTTP/{request.version} shares: choose HTTP/1.1")
        self._context: Any = _context(request.auth)
        self._stage = _PLAIN
        self._message = b""
        self._ends: Ends | None = None
        self._certificate = b""

    def dressed(self, request: Request) -> Request:
        """The request as it goes out next. Message 1 goes without the body: it would be sent twice."""
        kept = tuple(header for header in request.headers if header[0].lower() != "authorization")
        said = ((("Authorization", header_of(self._message)),) if self._stage in (_FIRST, _THIRD) else ())
        version: Literal["1.0", "1.1"] = "1.0" if request.version == "1.0" else "1.1"
        changed = replace(request, headers=kept + said, version=version)
        if self._stage == _FIRST and _has_body(request):
            return replace(without_body(changed), method=request.method, body=_NOTHING)
        return changed

    def goes_on(self, exchange: Exchange, request: Request) -> bool:
        """Whether this answer is a step of the handshake: its body is then nobody's page."""
        if self._withheld(exchange, request):
            return True
        return exchange.status == 401 and self._stage in (_PLAIN, _FIRST) and bool(_offers(exchange.answer))

    def _withheld(self, exchange: Exchange, request: Request) -> bool:
        """Whether the server took message 1, which came without the body, for the request itself."""
        return self._stage == _FIRST and 200 <= exchange.status < 300 and _has_body(request)

    def over(self, ends: Ends) -> bool:
        """libcurl is about to send over the connection between these addresses: whether that may be."""
        if self._stage == _THIRD:
            return ends == self._ends
        self._ends = ends
        return True

    def step(self, exchange: Exchange, request: Request) -> Failure | bool:
        """What an answer leads to: another exchange (True), the end (False), a failure."""
        stage, offers = self._stage, _offers(exchange.answer)
        if exchange.tls is not None and exchange.tls.chain:  # told of the first exchange on a connection alone
            self._certificate = exchange.tls.chain[0]
        if stage == _PLAIN and exchange.status == 401 and offers:
            self._message, self._stage = self._context.step() or b"", _FIRST
            return True
        if stage == _FIRST and exchange.status == 401:
            return self._answer(exchange.answer, offers)
        if self._withheld(exchange, request):
            self._stage = _OVER  # nobody asks any more who it is: now the request itself
            return True
        if stage == _THIRD and exchange.status == 401 and any(" " in one.strip() for one in offers):
            return failure.told("ntlm again")
        return False

    def _answer(self, answer: Head | None, offers: list[str]) -> Failure | bool:
        try:
            token = next(filter(None, map(token_of, offers)), None)
            if token is None:
                return failure.told("ntlm refused")
            if read_message(token).kind != 2:
                raise NtlmError("it is another message than the second one")
            self._message = self._context.step(token, channel_bindings=_bindings(self._certificate)) or b""
        except NtlmError as error:
            return failure.told("ntlm challenge", why=error)
        except Exception as error:  # noqa: BLE001  what a stranger's bytes make the library raise ends this run alone
            return failure.told("ntlm challenge", why=str(error).rstrip(".") or type(error).__name__)
        if answer is not None and _closes(answer):
            return failure.told("ntlm connection")
        self._stage = _THIRD
        return True


def _has_body(request: Request) -> bool:
    return request.body.kind != "none" or request.body.raw is not None


def _offers(answer: Head | None) -> list[str]:
    values = answer.all("WWW-Authenticate") if answer is not None else []
    return [one for one in values if one.strip().partition(" ")[0].lower() == "ntlm"]


def _closes(answer: Head) -> bool:
    words = {word.strip().lower() for value in answer.all("Connection") for word in value.split(",")}
    return "close" in words or (answer.version == "1.0" and "keep-alive" not in words)


def _bindings(certificate: bytes) -> Any:
    """What ties the proof to the server's certificate (RFC 5929 section 4), for strict servers; None without TLS."""
    if not certificate:
        return None
    from cryptography import x509
    from spnego.channel_bindings import GssChannelBindings

    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    name = algorithm.name if algorithm is not None else "sha256"
    hashed = hashlib.new("sha256" if name in ("md5", "sha1") else name, certificate).digest()
    return GssChannelBindings(application_data=b"tls-server-end-point:" + hashed)


def _context(auth: Auth) -> Any:
    if not auth.user:
        raise RequestError("NTLM needs a user: U, or DOMAIN\\U")
    try:
        import spnego
    except ImportError:
        raise RequestError("NTLM needs the package pyspnego, which is not installed") from None
    try:
        return spnego.client(auth.user, auth.password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    except Exception as error:  # noqa: BLE001  its own errors are of many kinds
        raise RequestError(f"NTLM can't begin: {error}") from None
