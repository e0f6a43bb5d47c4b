"""splice(2): from a connection into a file through a pipe, without the bytes coming by the program.

Linux alone has it. It must not know whose file it is.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import IO, Any, Final, Literal

SIZE: Final = 1 << 20
# Other systems may have it, but no splice.
fcntl: Any = importlib.import_module("fcntl") if sys.platform == "linux" else None


class Pipe:
    """A pipe for one transfer. Get it by `opened`."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        try:
            self.size = int(fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, SIZE))
        except OSError:  # the user's pipes hold as much as they may: the usual size does it, too
            self.size = int(fcntl.fcntl(self._in, fcntl.F_GETPIPE_SZ))

    @staticmethod
    def opened(file: IO[bytes]) -> Pipe | Literal[False]:
        """A pipe, or False where the system or this file can't: a file that is appended to takes no splice."""
        if fcntl is None or fcntl.fcntl(file.fileno(), fcntl.F_GETFL) & os.O_APPEND:
            return False
        try:
            return Pipe()
        except OSError:
            return False

    def fill(self, sock: int) -> int:
        """Take what has come; 0 at the end. Raises OSError, BlockingIOError where nothing is there."""
        return os.splice(sock, self._in, self.size, flags=os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK)

    def empty(self, file: int, count: int) -> None:
        """Write `count` bytes to the file. Raises OSError."""
        while count:
            count -= os.splice(self._out, file, count, flags=os.SPLICE_F_MOVE)

    def close(self) -> None:
        """Give both ends back."""
        os.close(self._out)
        os.close(self._in)
