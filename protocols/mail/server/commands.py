"""The command line of the mail server: `netlab serve mail`.

Only the arguments live here; what they start is imported when it starts. It must not know sockets.
"""

from __future__ import annotations

import argparse
from typing import Final

from protocols.words import WordParser

_TEXT: Final = """\
Serves mail until Ctrl+C: SMTP, POP3 and IMAP on one store of Maildir folders. The first lines say where
each listens. NAME gets mail for NAME@ any domain; nothing is relayed, other recipients get 550.
"""
_END: Final = """\
for example:
  netlab serve mail                             users ann and bob (their names are their passwords), free ports
  netlab serve mail --store /srv/mail --user ann:secret --smtp-port 8025 --pop3-port 8110 --imap-port 8143
  netlab serve mail --tls --json                STARTTLS, and three more ports that begin with TLS
  netlab serve mail --rules rules.toml          fails on purpose; the file is read again when it changes
With --json every event is a line on stdout: a "listening" line for each protocol, a "mail" event for each
mail that was taken, "command" and "reply" for each line that was said.
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""


def add_words(serve: WordParser) -> None:
    """Add `netlab serve mail`; it sets `run(arguments) -> int`."""
    parser = serve.add_word("mail", "SMTP, POP3 and IMAP on one store", description=_TEXT, epilog=_END)
    add = parser.add_argument
    add("--store", metavar="DIR", help="the folder of the mailboxes, made when missing (default: one that goes again)")
    add("--user", action="append", type=_user, default=[], metavar="NAME:PASSWORD",
        help="who receives mail and may log in; any number of times (default: ann:ann and bob:bob)")  # fmt: skip
    for name in ("smtp", "pop3", "imap"):
        add(f"--{name}-port", type=_port, default=0, metavar="P", help=f"port of {name.upper()}; 0 takes a free one")
    add("--host", default="127.0.0.1", metavar="H",
        help="address to bind; 0.0.0.0 lets other machines in (default: %(default)s)")  # fmt: skip
    add("--domain", metavar="D", help="take mail for NAME@D only")
    add("--tls", action="store_true", help="STARTTLS, and ports that begin with TLS, by the lab's own authority")
    add("--login-needs-tls", action="store_true", help="with --tls: take no password in plain")
    add("--auth", action="store_true", help="take mail only from who has logged in")
    add("--size-limit", type=_size, default=100 << 20, metavar="BYTES", help="of one mail (default: 100 MiB)")
    add("--lenient", action="store_true", help="let bare line feeds and a wrong order of commands pass")
    add("--received", action="store_true", help="put Return-Path and Received in front of each mail (RFC 5321 4.4)")
    add("--timeout-s", type=_seconds, default=300.0, metavar="N", help="of silence (default: %(default)g)")
    add("--without", action="append", choices=("smtp", "pop3", "imap"), default=[], help="leave a protocol out")
    add("--sync", action="store_true", help="answer 250 when the disk has the mail (slower)")
    add("--rules", metavar="FILE", help="failures on purpose, see assets/mail/rules.toml")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_run, parser=parser)


def _user(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if not name or not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:PASSWORD")
    return name, password


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _size(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:12]) <= 1 << 32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes from 1 to 4294967296")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _ports(arguments: argparse.Namespace) -> dict[str, int | None]:
    return {
        f"{name}_port": None if name in arguments.without else getattr(arguments, f"{name}_port")
        for name in ("smtp", "pop3", "imap")
    }


def _run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from protocols.mail.server import rules_file, serving
    from protocols.mail.server.rules import RuleError
    from protocols.mail.server.setup import MailSetup, SetupError

    usual = MailSetup()
    place = Path(arguments.rules) if arguments.rules else None
    try:
        setup = MailSetup(
            host=arguments.host, **_ports(arguments), users=dict(arguments.user) or usual.users,
            domain=arguments.domain,
            store=Path(arguments.store) if arguments.store else None, tls=arguments.tls,
            login_needs_tls=arguments.login_needs_tls, auth_needed=arguments.auth, size_limit=arguments.size_limit,
            lenient=arguments.lenient, sync=arguments.sync, received=arguments.received, timeout_s=arguments.timeout_s,
            rules=rules_file.load(place) if place is not None else (),
        )  # fmt: skip
        setup.check()
    except (SetupError, RuleError) as error:
        arguments.parser.error(str(error))
    except OSError as error:
        arguments.parser.error(f"{place} can't be read: {error.strerror}")
    return serving.run(setup, json=arguments.json, rules=place)
