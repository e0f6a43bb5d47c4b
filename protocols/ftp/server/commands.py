"""The command line of the servers of files: `netlab serve ftp` and `netlab serve sftp`.

Only the arguments live here; what they start is imported when it starts. It must not know sockets.
"""

from __future__ import annotations

import argparse
from typing import Final

from protocols.words import WordParser

_FTP: Final = """\
Serves a folder over FTP until Ctrl+C. The first line says where it listens. Nothing outside the
folder can be reached, neither by .. nor through a symbolic link. Users may read; with --writable they
may write as well. Without --user anybody may log in as anonymous.
"""
_FTP_END: Final = """\
for example:
  netlab serve ftp --root .                     this folder, read only, anonymous
  netlab serve ftp --root site --user anna:secret --writable --port 2121 --tls
  netlab serve ftp --root . --rules faults.toml
A user is NAME:PASSWORD or NAME:PASSWORD:PERM; PERM is r, rw, or letters: e enter folders, l list,
r get, a append, d delete, f rename, m make folders, w store, M change modes, T set times.
--rules FILE makes it fail on purpose; the file has [[rule]] tables:
  [[rule]]
  when = "RETR"              commands, "*" or "connect"; also path = "*.iso", user = "anna"
  do = "abort"               reply, abort, cut data, cut control, slow, delay or silence
  at_byte = 1000             also code, text, bytes_per_second, seconds, skip, times, reset
With --json every event is a line on stdout: "command" and "reply", and one "transfer" for each file with
detail.bytes, detail.seconds, detail.resumed and detail.sha256.
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""


_SFTP: Final = """\
Serves a folder over SFTP, which is files over SSH and another protocol than FTP, until Ctrl+C. The first line says
where it listens and the fingerprint of its key, which is made anew for each run. Nothing outside the folder can be
reached. Users may read; with --writable they may write as well.
"""
_SFTP_END: Final = """\
for example:
  netlab serve sftp --root . --user anna:secret
  netlab serve sftp --root site --user anna:secret:rw --port 2222 --keys ~/.ssh/id_ed25519.pub
  netlab serve sftp --root . --user anna:secret --rules faults.toml
A user is NAME:PASSWORD or NAME:PASSWORD:PERM, as of `netlab serve ftp`.
--rules FILE makes it fail on purpose, by the same file as there: RETR is a file that is got, STOR one that is put,
LIST a listing; READ, WRITE, READDIR, REMOVE, RENAME, MKDIR, RMDIR, SETSTAT and LOGIN do, too. A code becomes the
status that comes nearest to it.
With --json every event is a line on stdout, one "transfer" for each file among them.
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""


def add_words(serve: WordParser) -> None:
    """Add both words; each sets `run(arguments) -> int`."""
    parser = serve.add_word("ftp", "the files of a folder, over FTP", description=_FTP, epilog=_FTP_END)
    add = parser.add_argument
    _add_usual(parser)
    add("--anonymous", action="store_true", help="anybody may log in as anonymous")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--tls", action="store_true", help="explicit TLS (AUTH TLS), with a certificate of the lab's own")
    tls.add_argument("--tls-implicit", action="store_true", help="TLS from the first byte (ftps://)")
    add("--tls-required", action="store_true", help="with TLS: no login and no data without it")
    add("--passive-ports", metavar="A-B", help="ports for passive data connections (default: any free one)")
    add("--masquerade", default="", metavar="ADDRESS", help="the IPv4 address that 227 replies say")
    add("--speed", type=_count, default=0, metavar="N",
        help="bytes a second of each transfer, at most (default: 0, no limit)")
    add("--sessions", type=_count, default=1200, metavar="N",
        help="sessions at a time; 0 is no limit (default: %(default)s)")
    parser.set_defaults(run=_ftp, parser=parser)
    parser = serve.add_word("sftp", "the files of a folder, over SSH", description=_SFTP, epilog=_SFTP_END)
    _add_usual(parser)
    parser.add_argument("--keys", metavar="FILE", help="public keys that may log in as any user, one a line")
    parser.set_defaults(run=_sftp, parser=parser)


def _add_usual(parser: argparse.ArgumentParser) -> None:
    """What both servers of files are told."""
    add = parser.add_argument
    add("--root", required=True, metavar="DIR", help="the folder")
    add("--host", default="127.0.0.1", metavar="H",
        help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)")
    add("--port", type=_port, default=0, metavar="P", help="port; 0 takes a free one (default: 0)")
    add("--user", action="append", default=[], metavar="NAME:PASSWORD[:PERM]", help="may log in; several may be given")
    add("--writable", action="store_true", help="who has no PERM of its own may write")
    add("--rules", metavar="FILE", help="what goes wrong on purpose, as TOML")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")


def _number(text: str, low: int, high: int, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or not low <= int(text[:18]) <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}: {low} to {high}")
    return int(text)


def _port(text: str) -> int:
    return _number(text, 0, 65535, "a port")


def _count(text: str) -> int:
    return _number(text, 0, 10**15, "a number")


def _ftp(arguments: argparse.Namespace) -> int:
    from protocols.ftp.server import serving
    from protocols.ftp.server.rules import RuleError
    from protocols.ftp.server.setup import SetupError

    try:
        setup = serving.setup_of(arguments)
    except (SetupError, RuleError, OSError) as error:
        arguments.parser.error(str(error))
    return serving.run(setup, arguments.json)


def _sftp(arguments: argparse.Namespace) -> int:
    from protocols.ftp.server import serving
    from protocols.ftp.server.rules import RuleError
    from protocols.ftp.server.setup import SetupError

    try:
        setup, keys = serving.sftp_setup_of(arguments)
    except (SetupError, RuleError, OSError) as error:
        arguments.parser.error(str(error))
    return serving.run_sftp(setup, keys, arguments.json)
