"""Command line of NetLab: `netlab` opens the window, everything else runs without one.

Reads arguments, chooses what to run, gives the exit status: 0 done, 1 failed, 2 usage. It and
all it imports for a headless command load no Qt; the rooms add their own commands.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, cast

from netlab_gui import panels
from protocols.numeric import one_thread
from protocols.streams import NotRead, abandon_stdout, open_closed
from protocols.words import Parser, WordParser

DONE: Final = 0
FAILED: Final = 1
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What writing to stdout may say when it is a file; commands deal with their own sockets and files themselves."""

DESCRIPTION: Final = """\
NetLab is a lab for network programming: real servers and real clients on your own
machine, and every call they make on one time line.

Without a command the window opens: click "Start an upper-case server", then "Connect a client
to it", type a line, and watch.
"""

EPILOG: Final = """\
for example:
  netlab                                   open the window
  netlab serve upper --port 2345           run a server that answers in capitals; Ctrl+C ends it
  netlab connect 127.0.0.1 2345            talk to it: type a line, Ctrl+D ends it
  netlab serve echo --json > calls.jsonl   the same calls as on the time line, one JSON object a line
  netlab tour --out pictures               drive the whole lab once, one picture and one verdict a panel

"netlab COMMAND --help" explains a command. Nothing leaves this machine unless you give another address.
Exit status: 0 done, 1 failed, 2 usage.
"""

TOUR_END: Final = """\
for example:
  netlab tour --out pictures
Exit status: 0 every check holds, 1 one fails, 2 wrong arguments.
"""

NO_DISPLAY: Final = """\
netlab: there is no display here, so the window can't open (DISPLAY and WAYLAND_DISPLAY are not set).
These commands need none:
{commands}
"netlab --help" explains them. With QT_QPA_PLATFORM=offscreen the window runs unseen.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run NetLab with these arguments (default: those of the process); returns the exit status."""
    open_closed()
    one_thread()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        return _window()
    try:
        try:
            chosen = build_parser().parse_args(arguments)
        finally:
            sys.stdout.flush()  # what --help has printed, while a reader's going away can still be told from a crash
        run = cast("Callable[[argparse.Namespace], int] | None", getattr(chosen, "run", None))
        if run is None:
            return _window(cast("str | None", chosen.open))
        status = run(chosen)
        sys.stdout.flush()
    except (BrokenPipeError, NotRead):
        abandon_stdout()
        return FAILED
    except KeyboardInterrupt:
        return DONE
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        abandon_stdout()
        print(f"netlab: the output can't be written: {error.strerror}", file=sys.stderr)
        return FAILED
    return status


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, the rooms' commands included."""
    parser = Parser(prog="netlab", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    parser.add_argument("--open", metavar="FILE", help="open the window and look at this saved session")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=WordParser)
    for module in panels.command_modules():
        import_module(module).add_commands(commands)
    tour = commands.add_parser(
        "tour",
        help="drive every panel through its demo, unseen; pictures and a report",
        description="Drives every panel through its demo on loopback in a window that nobody sees, and writes "
        "PANEL-light.png, PANEL-dark.png and report.json.",
        epilog=TOUR_END,
    )
    tour.add_argument("--out", metavar="DIR", default="netlab-tour", help="where to write (default: %(default)s)")
    tour.set_defaults(run=_tour)
    return parser


def version() -> str:
    """The version of the installed package."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("netlab")
    except PackageNotFoundError:
        return "(not installed)"


class _Version(argparse.Action):
    """Looks the version up only when asked: it costs more than all other arguments together."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"netlab {version()}")
        parser.exit(DONE)


def has_display() -> bool:
    """Whether Qt could show a window. An explicit QT_QPA_PLATFORM counts as a display."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _window(session_file: str | None = None) -> int:
    if not has_display():
        print(NO_DISPLAY.format(commands=_command_list()), file=sys.stderr, end="")
        return FAILED
    from netlab_gui.qt_loading import spare_sources

    spare_sources()
    from netlab_gui.app import run_window

    return run_window(session_file)


def _tour(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from netlab_gui.qt_loading import spare_sources

    spare_sources()
    from netlab_gui.tour import run_tour

    return run_tour(cast("str", arguments.out))


def _command_list() -> str:
    """Name and purpose of each command, as `--help` has them."""
    actions = build_parser()._subparsers
    lines = []
    for group in actions._group_actions if actions is not None else ():
        for choice in getattr(group, "_choices_actions", ()):
            lines.append(f"  netlab {choice.dest:<12} {choice.help or ''}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
