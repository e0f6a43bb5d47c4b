"""`netlab mail send` and `netlab mail fetch`, `netlab serve news`: only their words.

What they start is imported when it starts, so that `--help` is quick. It must not know a connection.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from protocols.client_words import seconds
from protocols.mail.client.lineends import WRONG_ENDS
from protocols.words import WordParser

_SEND: Final = """\
Sends one mail over SMTP and says what became of each recipient. The envelope's recipients are those of
--to, --cc and --bcc; what --bcc names stands in no header.
"""
_SEND_END: Final = """\
for example:
  netlab mail send --server 127.0.0.1:2525 --from ann@example.org --to bob@example.org --subject Hi --body Hello
  netlab mail send --server 127.0.0.1:2525 --from ann@example.org --to bob@example.org --raw mail.eml --json
With --json every event is a line on stdout; the last "mail" has detail.outcome: all, some or none, and
detail.refused with code and words for each recipient that was refused.
Exit status: 0 every recipient was taken; 1 not all were, or it failed; 2 wrong arguments.
"""
_MAIL_END: Final = """\
for example:
  netlab mail send --server 127.0.0.1:2525 --from ann@example.org --to bob@example.org --body Hello
  netlab mail fetch --protocol imap --server 127.0.0.1:1430 --user bob:secret
"netlab mail COMMAND --help" explains a command.
Exit status: 0 done, 1 it failed, 2 wrong arguments.
"""
_FETCH: Final = """\
Fetches the mails of a mailbox and lists them; --out writes each, as it lies at the server, into a file of
its own. Nothing is deleted without --delete, and then only what was fetched whole.
"""
_FETCH_END: Final = """\
for example:
  netlab mail fetch --protocol pop3 --server 127.0.0.1:1100 --user bob:secret
  netlab mail fetch --protocol imap --server 127.0.0.1:1430 --user bob:secret --folder INBOX --out mails
With --json every event is a line on stdout, with one "mail" for each message fetched.
Exit status: 0 done; 1 it failed; 2 wrong arguments.
"""
_NEWS: Final = """\
A small news server (NNTP, RFC 3977) with a few groups to read and to post to. Articles are kept while it runs.
"""
_NEWS_END: Final = """\
for example:
  netlab serve news --port 1119
  netlab serve news --json
The first line says where it listens. With --json every event is a line on stdout.
Exit status: 0 ended by a signal; 1 it failed; 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add the clients' commands, and the news server, to the parser of `netlab`."""
    mail = subparsers.add_parser("mail", help="send mail, fetch mail", description="Mail clients without a window.",
                                 epilog=_MAIL_END)  # fmt: skip
    kinds = mail.add_subparsers(dest="mail_command", metavar="COMMAND", required=True)
    _add_send(kinds)
    _add_fetch(kinds)
    serve = subparsers.choices.get("serve")
    if isinstance(serve, WordParser):
        news = serve.add_word("news", "a few news groups, over NNTP", description=_NEWS, epilog=_NEWS_END)
        news.add_argument(
            "--host",
            default="127.0.0.1",
            metavar="H",
            help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)",
        )
        news.add_argument("--port", type=_port, default=0, metavar="P", help="port; 0 takes a free one (default: 0)")
        news.add_argument("--json", action="store_true", help="every event on stdout, one JSON object a line")
        news.set_defaults(run=_serve_news, parser=news)


def _add_send(kinds: Any) -> None:
    parser = kinds.add_parser("send", help="send one mail over SMTP", description=_SEND, epilog=_SEND_END)
    add = parser.add_argument
    add("--server", required=True, type=_server, metavar="HOST:PORT", help="the SMTP server")
    add("--from", dest="sender", required=True, metavar="A", help="the sender, in envelope and header")
    add("--to", action="append", required=True, metavar="B", help="a recipient; may be given several times")
    add("--cc", action="append", default=[], metavar="B", help="a recipient of a copy")
    add("--bcc", action="append", default=[], metavar="B", help="a recipient that no header names")
    add("--envelope-from", metavar="A", help="another sender for the envelope: a header may lie")
    add("--subject", default="", metavar="S")
    add("--body", default="", metavar="T|@FILE", help="the text, or the file that has it")
    add("--html", default="", metavar="T|@FILE", help="the same in HTML")
    add("--attach", action="append", default=[], metavar="FILE", help="a file to attach; may be given several times")
    add("--raw", metavar="FILE", help="the whole message, in place of subject, text and attachments")
    add("--line-ends", choices=tuple(WRONG_ENDS), default="crlf",
        help="with --raw, wrong on purpose: lf, cr, or a lone dot that smuggles (default: %(default)s)")  # fmt: skip
    _add_account(parser)


def _add_fetch(kinds: Any) -> None:
    parser = kinds.add_parser("fetch", help="fetch a mailbox by POP3 or IMAP", description=_FETCH, epilog=_FETCH_END)
    add = parser.add_argument
    add("--protocol", required=True, choices=("pop3", "imap"), help="how")
    add("--server", required=True, type=_server, metavar="HOST:PORT", help="the server")
    add("--folder", default="INBOX", metavar="F", help="with imap: which folder (default: %(default)s)")
    add("--delete", action="store_true", help="delete at the server what was fetched")
    add("--out", metavar="DIR", help="write each message into a file of this folder, made if missing")
    _add_account(parser, needed=True)


def _add_account(parser: argparse.ArgumentParser, *, needed: bool = False) -> None:
    parser.add_argument("--user", required=needed, metavar="U:P", help="user and password")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--starttls", action="store_true", help="begin TLS before anything is said that matters")
    tls.add_argument("--tls", action="store_true", help="TLS from the start")
    parser.add_argument("--insecure", action="store_true", help="do not verify the certificate")
    parser.add_argument(
        "--timeout-s",
        type=seconds,
        default=15.0,
        metavar="N",
        help="limits the connect, each silence and each reply (default: 15)",
    )
    parser.add_argument("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_mail, parser=parser)


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _mail(arguments: argparse.Namespace) -> int:
    from protocols.mail.client import command

    try:
        work = command.sending(arguments) if arguments.mail_command == "send" else command.fetching(arguments)
    except ValueError as error:
        arguments.parser.error(str(error))
    return command.run(work, json=arguments.json)


def _serve_news(arguments: argparse.Namespace) -> int:
    from protocols.mail.news import command

    return command.run(arguments.host, arguments.port, json=arguments.json)
