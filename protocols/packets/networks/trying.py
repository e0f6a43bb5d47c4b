"""`python -m protocols.packets.networks.trying` prints "0", or the errno and the step at which a network fails here."""

from __future__ import annotations

import sys

from protocols.packets import rtnetlink
from protocols.packets.networks.namespaces import NamespaceError, own_network


def main() -> int:
    """Make a network and switch its loopback on; what it takes ends with this process."""
    try:
        own_network()
    except NamespaceError as error:
        print(error.errno, error.step)
        return 0
    try:
        rtnetlink.switch_on("lo")
        rtnetlink.add_bridge("br0")
    except OSError as error:
        print(error.errno, "rtnetlink")
        return 0
    print(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
