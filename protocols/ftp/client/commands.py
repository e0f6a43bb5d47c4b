"""The command line `netlab ftp`: its arguments. What they start is in `command`, imported when it starts.

It must not know sockets.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from protocols.client_words import add_trust, seconds

_FTP: Final = """\
Lists, gets, puts and changes files on a server of FTP, FTPS or SFTP. A URL's path begins in the folder that
the login leads to; a second slash begins at the root.
"""
_FTP_END: Final = """\
for example:
  netlab ftp ls ftp://127.0.0.1:8021/pub/
  netlab ftp get ftp://ann:secret@127.0.0.1:8021/big.iso --resume
  netlab ftp put ftp://ann:secret@127.0.0.1:8021/in/ notes.txt
  netlab ftp mv ftp://ann:secret@127.0.0.1:8021/in/notes.txt old.txt
  netlab ftp get -r ftp://127.0.0.1:8021/pub here --parallel 4
"netlab ftp COMMAND --help" explains a command.
"""
_EXIT: Final = "Exit status: 0 done, 1 it failed, 2 wrong arguments.\n"
_EXAMPLES: Final = {
    "ls": "ls ftp://127.0.0.1:8021/pub/ --json",
    "get": "get ftp://ann:secret@127.0.0.1:8021/big.iso --resume",
    "put": "put ftp://ann:secret@127.0.0.1:8021/in/ notes.txt",
    "rm": "rm ftp://ann:secret@127.0.0.1:8021/in/notes.txt",
    "mkdir": "mkdir ftp://ann:secret@127.0.0.1:8021/new",
    "mv": "mv ftp://ann:secret@127.0.0.1:8021/in/notes.txt old.txt",
}
_COMMANDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("ls", "list a folder", """\
Lists a folder: MLSD where the server has it, else LIST in whatever dialect it speaks; lines that nobody can
read are shown as they came. With --json each entry is an event with detail.name, .size, .type, .modified, .raw."""),
    ("get", "get a file, or a folder with -r", """\
Gets a file, by default under the last part of its name into the current folder. While it comes it is called
NAME.part, and it stays so when it is cut. Nothing is written over without --force; --resume goes on with a part."""),
    ("put", "put a file, or a folder with -r", """\
Puts a file. A path that ends with a slash, or leads to a folder, gets the file's own name. Nothing is written
over without --force; --resume goes on where the server's file ends."""),
    ("rm", "remove a file, or a folder with -r", "Removes a file; with -r a folder and all that is in it."),
    ("mkdir", "make a folder", "Makes a folder."),
    ("mv", "rename or move", """\
Renames or moves. A new name without a slash stays in its folder; with one it begins where the login leads. Nothing is
written over without --force."""),
)  # fmt: skip


def add_commands(subparsers: Any) -> None:
    """Add `netlab ftp`; each of its commands sets `run(arguments) -> int`."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser("ftp", help="list, get and put files over FTP, FTPS or SFTP", description=_FTP,
                                   epilog=_FTP_END + _EXIT, formatter_class=raw)  # fmt: skip
    words = parser.add_subparsers(title="commands", metavar="COMMAND", dest="word", required=True)
    for word, text, description in _COMMANDS:
        example = f"for example:\n  netlab ftp {_EXAMPLES[word]}\n{_EXIT}"
        one = words.add_parser(word, help=text, description=description, epilog=example, formatter_class=raw)
        _add_arguments(one, word)
        one.set_defaults(run=_run, parser=one)


def _add_arguments(parser: argparse.ArgumentParser, word: str) -> None:
    add = parser.add_argument
    if word == "put":
        add("url", metavar="URL", help="where to: ftp://user:pass@host:port/path, ftps://, sftp://")
        add("local", metavar="FILE", help="what")
    else:
        add("url", metavar="URL", help="ftp://user:pass@host:port/path, ftps://, sftp://")
    if word == "get":
        add("local", metavar="TARGET", nargs="?", default="", help="a file or a folder here")
    if word == "mv":
        add("to", metavar="NEW", help="a new name, a path, or a URL of the same server")
        add("--force", action="store_true", help="write over what has the new name already")
    if word in ("get", "put"):
        add("--resume", action="store_true", help="go on with what is there already (REST)")
        add("--force", action="store_true", help="write over what is there already")
        add("--text", action="store_true", help="text mode: line ends become those of the other side")
        add("--parallel", type=_connections, default=2, metavar="N", help="with -r: connections (default: %(default)s)")
    if word in ("get", "put", "rm"):
        add("-r", "--recursive", action="store_true", help="a folder and all that is in it")
    add("--active", action="store_true", help="the server opens the data connection (PORT, EPRT)")
    add("--tls", action="store_true", help="explicit TLS (AUTH TLS) for an ftp:// URL; data are protected, too")
    add_trust(parser, ", or the host key of SFTP")
    add("--timeout-s", type=seconds, default=15.0, metavar="N",
        help="for a connect, for silence, and for each reply in total (default: 15)")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")


def _connections(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:4]) <= 16:
        raise argparse.ArgumentTypeError(f"a number from 1 to 16, not {text!r}")
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    from protocols.ftp.client import command
    from protocols.ftp.client.site import SiteError

    try:
        order = command.order_of(arguments)
    except SiteError as error:
        arguments.parser.error(str(error))
    return command.run(order)
