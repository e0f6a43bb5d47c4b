"""`python -m protocols.creosote`, as the original module ran: no arguments listens, arguments are sent."""

from __future__ import annotations

import sys

from protocols.creosote.module import main

if __name__ == "__main__":
    sys.exit(main())
