"""`python -m protocols.packets.networks.enter PID COMMAND..` runs a command on a host of a private network.

Enters the namespaces of process PID and becomes the command: its pipes are the caller's. So every child of the lab
can run there, as it could behind ssh. It must not know the command.
"""

from __future__ import annotations

import os
import sys

from protocols.packets.networks.namespaces import NamespaceError, enter


def main(arguments: list[str]) -> int:
    """The exit status where it went wrong; else this process has become the command."""
    try:
        enter(int(arguments[0]))
        os.execvp(arguments[1], arguments[1:])
    except (NamespaceError, OSError, ValueError) as error:
        print(f"netlab: {error}", file=sys.stderr)
    return 126


def argv(pid: int) -> list[str]:
    """What stands before a command that shall run in the network of process `pid`."""
    return [sys.executable, "-m", "protocols.packets.networks.enter", str(pid)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
