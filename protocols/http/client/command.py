"""`netlab http`: one request, the body of its answer to stdout or a file, or every event as JSON.

What a server sends never reaches a terminal raw: control characters are shown as escapes. It
must not know argparse beyond the names that it left.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote

from protocols import trust
from protocols.http.bodies import FORM_TYPE
from protocols.http.client.client import HttpClient
from protocols.http.client.handle import system_authorities
from protocols.http.client.jar import Jar, JarError
from protocols.http.client.oddities import oddities
from protocols.http.client.run import Run
from protocols.http.request import Auth, Body, Header, Limits, Part, Proxy, Request, RequestError, Trust, checked
from protocols.record.recorder import Recorder
from protocols.terminal import (
    DONE,
    FAILED,
    Escape,
    JsonLines,
    Signals,
    printable,
    reader_gone,
    say,
    say_help,
    write_all,
)

LOOK_S: Final = 0.05
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class Order:
    """What `netlab http` was asked for."""

    request: Request
    output: str = ""
    cookie_jar: str = ""
    json: bool = False


def order_of(arguments: Any) -> Order:
    """The order that the arguments make. Raises RequestError for what can't be sent."""
    user, proxy = arguments.user, _proxy(arguments.proxy)
    if user is None and (arguments.digest or arguments.ntlm):
        raise RequestError(f"--{'ntlm' if arguments.ntlm else 'digest'} needs --user")
    request = Request(
        method=arguments.method,
        url=arguments.url,
        headers=tuple(_header(text) for text in arguments.header),
        body=_body(arguments),
        auth=_auth(arguments),
        proxy=proxy,
        trust=_trust(arguments.cacert, arguments.insecure),
        limits=Limits(timeout_s=arguments.timeout_s or TIMEOUT_S, connect_timeout_s=None,
                      max_bytes=arguments.max_bytes, keep_bytes=1 << 20),
        version=arguments.http or "auto",
        follow=not arguments.no_follow,
    )  # fmt: skip
    return Order(checked(request), arguments.output, arguments.cookie_jar or "", arguments.json)


def _auth(arguments: Any) -> Auth:
    if arguments.user is None:
        return Auth()
    name, _, password = arguments.user.partition(":")
    return Auth("ntlm" if arguments.ntlm else "digest" if arguments.digest else "basic", name, password)


def _header(text: str) -> Header:
    name, colon, value = text.partition(":")
    if not colon:
        raise RequestError(f"{text!r} is no header: it needs a colon between name and value")
    return name, value.strip(" \t")


def _body(arguments: Any) -> Body:
    if arguments.data:
        return Body("text", raw=b"&".join(_data(text) for text in arguments.data), content_type=FORM_TYPE)
    if arguments.form:
        return Body("multipart", parts=tuple(_part(text) for text in arguments.form))
    if arguments.json_body is not None:
        return Body("json", raw=_data(arguments.json_body), content_type="application/json")
    return Body()


def _data(text: str) -> bytes:
    """The bytes of DATA as they are, or those of the file in @FILE."""
    if not text.startswith("@"):
        return os.fsencode(text)
    try:
        return Path(text[1:]).read_bytes()
    except (OSError, ValueError) as error:
        raise RequestError(f"{text[1:]} can't be read: {getattr(error, 'strerror', None) or error}") from None


def _part(text: str) -> Part:
    name, mark, value = text.partition("=")
    if not mark:
        raise RequestError(f"{text!r} is no part: it is NAME=VALUE or NAME=@FILE")
    return Part(name, path=value[1:]) if value.startswith("@") else Part(name, value)


def _proxy(url: str) -> Proxy:
    scheme, mark, rest = url.rpartition("://")
    identity, at, place = rest.rpartition("@")
    user, _, password = identity.partition(":")
    return Proxy(scheme + mark + place, unquote(user), unquote(password)) if at else Proxy(url)


def _trust(ca_file: str, insecure: bool) -> Trust:
    """The system's authorities and this person's running labs, or those of a file alone."""
    if ca_file:
        try:
            Path(ca_file).read_bytes()
        except (OSError, ValueError) as error:
            raise RequestError(f"{ca_file} can't be read: {getattr(error, 'strerror', None) or error}") from None
        return Trust(verify=not insecure, ca_file=ca_file)
    labs = trust.known()
    file, folder = system_authorities()
    if labs and not folder and file:
        labs += b"\n" + Path(file).read_bytes()
    return Trust(verify=not insecure, ca=labs)


def run(order: Order) -> int:
    """Send it and wait; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    try:
        jar = Jar.load(order.cookie_jar) if order.cookie_jar and os.path.exists(order.cookie_jar) else Jar()
    except (OSError, JarError) as error:
        say(printable(f"The cookies can't be read: {error}."))
        return FAILED
    recorder = Recorder()
    recorder.enabled = order.json
    lines = JsonLines(recorder) if order.json else None
    client = HttpClient(recorder, name="http", jar=jar)
    client.start()
    with Signals() as signals, _Sink(order) as sink:
        try:
            ran = client.send(order.request, sink)
            while not ran.over:
                if lines is None:
                    ran.wait(LOOK_S)
                else:
                    lines.drain(LOOK_S)
                if signals.stopping():
                    ran.cancel()
            _gone_reader(order)
        finally:
            client.stop()
        sink.rest()
        status = _ended(order, ran, jar, sink, recorder)
    if lines is not None:
        lines.drain()
    return status


def _gone_reader(order: Order) -> None:
    if (order.json or not order.output) and reader_gone():
        raise BrokenPipeError


def _ended(order: Order, ran: Run, jar: Jar, sink: _Sink, recorder: Recorder) -> int:
    """Finish the files, and say what went wrong."""
    status = DONE
    failed = ran.failure
    for odd in oddities(ran.final) if failed is None and ran.final is not None else ():
        say(printable(odd))
    if failed is not None:
        recorder.note("explained", failed.why, service="http", errno=failed.symbol, why=failed.why,
                      mend=list(failed.mend))  # fmt: skip
        say(printable(f"{failed.why} ({failed.symbol})"))
        if failed.mend:
            say_help(printable(failed.mend[0]))
        status = FAILED
    try:
        if failed is None:
            sink.whole()
        if order.cookie_jar:
            jar.save(order.cookie_jar)
    except OSError as error:
        say(printable(f"{error.filename or order.cookie_jar} can't be written: {error.strerror}."))
        status = FAILED
    return status


class _Sink:
    """Where the body goes: a file, made when its first byte comes; stdout; nowhere with --json alone."""

    def __init__(self, order: Order) -> None:
        self._path = order.output
        self._file: IO[bytes] | None = None
        self._show = not order.output and not order.json
        self._escape = Escape() if self._show and sys.stdout.isatty() else None

    def __enter__(self) -> _Sink:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk was told when it was met
                self._file.close()

    def rest(self) -> None:
        """No more comes: what was held back for its second half is shown."""
        if self._escape is not None:
            write_all(self._escape.end())

    def write(self, data: bytes, /) -> None:
        """Take a piece of the body, in the client's thread. Raises OSError that names the place."""
        with self._naming():
            if self._path:
                self._opened().write(data)
            elif self._show:
                write_all(data if self._escape is None else self._escape.feed(data))

    def whole(self) -> None:
        """The body is complete: an empty one makes an empty file. Raises OSError."""
        with self._naming():
            if self._path:
                self._opened().flush()

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = open(self._path, "wb")  # noqa: SIM115
        return self._file

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            error.filename = error.filename or self._path or "stdout"
            raise
