"""The bytes of a capture file, mapped: plain files as they are, gzip, zstd and pipes go into a nameless file first.

A plain file may grow: `refresh()` maps what was appended. It must not know what the bytes mean.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UNPACKED_BYTES: Final = 8 << 30
"""What a packed file may become on the disk; a bomb ends here and is told."""
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_STEP: Final = 1 << 20
_SIP: Final = 1 << 10


class _Damaged(Exception):
    """A packed file ends early, or what it holds can't be."""


def _gunzipped(file: IO[bytes]) -> Iterator[bytes]:
    """The members of a gzip file (RFC 1952), a step at a time."""
    left = b""
    while left := left or file.read(_STEP):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            left = left or file.read(_STEP)
            if not left:
                raise _Damaged("its end is missing")
            try:
                yield member.decompress(left, _STEP)
            except zlib.error as error:
                raise _Damaged(str(error)) from None
            left = member.unused_data if member.eof else member.unconsumed_tail
        if left and not left.startswith(_GZIP):
            return  # padding behind the last member, as gzip itself ignores it


def _unzstd(file: IO[bytes]) -> Iterator[bytes]:
    """The frames of a zstd file (RFC 8878). A few bytes may stand for megabytes: it is fed little at a time."""
    import zstandard

    left = b""
    while left := left or file.read(_SIP):
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            left = left or file.read(_SIP)
            if not left:
                raise _Damaged("its end is missing")
            try:
                yield frame.decompress(left)
            except zstandard.ZstdError as error:
                raise _Damaged(str(error)) from None
            left = frame.unused_data if frame.eof else b""


class Source:
    """An open capture file. packed: "gzip", "zstd" or "". why: why unpacking ended early, or "".

    path: the file. size: bytes that are mapped now. Raises OSError when it can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Final = Path(path)
        self.packed = ""
        self.why = ""
        self.size = 0
        self._map: mmap.mmap | None = None
        self._array: npt.NDArray[np.uint8] | None = None
        file: IO[bytes] = open(self.path, "rb")  # noqa: SIM115  lives as long as this object
        try:
            if not file.seekable():
                file = self._spooled(file)
            self._file: IO[bytes] = self._unpacked(file)
        except BaseException:
            file.close()
            raise
        if self._file is not file:
            file.close()
        self.refresh()

    def _spooled(self, pipe: IO[bytes]) -> IO[bytes]:
        """What comes out of a pipe until its end: a capture is read at any place."""
        out = tempfile.TemporaryFile()  # noqa: SIM115  as below
        try:
            total = 0
            while data := pipe.read(_STEP):
                total += len(data)
                if total > UNPACKED_BYTES:
                    self.why = f"More than {UNPACKED_BYTES >> 30} GB came: the rest was not read."
                    break
                out.write(data)
            out.seek(0)
        except BaseException:
            out.close()
            raise
        pipe.close()
        return out

    def _unpacked(self, file: IO[bytes]) -> IO[bytes]:
        start = file.read(4)
        file.seek(0)
        if start[:2] == _GZIP:
            self.packed = "gzip"
        elif start == _ZSTD:
            self.packed = "zstd"
        else:
            return file
        out = tempfile.TemporaryFile()  # noqa: SIM115  mapped by this object
        try:
            self._unpack(file, out)
        except OSError:  # the disk is full
            out.close()
            raise
        return out

    def _unpack(self, file: IO[bytes], out: IO[bytes]) -> None:
        """Write what the packed file holds to `out`, as far as it is good."""
        total = 0
        try:
            for data in _gunzipped(file) if self.packed == "gzip" else _unzstd(file):
                total += len(data)
                if total > UNPACKED_BYTES:
                    self.why = f"Unpacked, the file is larger than {UNPACKED_BYTES >> 30} GB: the rest was not read."
                    break
                out.write(data)
        except _Damaged as error:
            self.why = f"The {self.packed} file is damaged or cut off behind {total} unpacked bytes ({error})."
        out.flush()

    def refresh(self) -> bool:
        """Map what has been appended; whether there is more than before."""
        size = os.fstat(self._file.fileno()).st_size
        if size <= self.size:
            return False
        # The old map stays until nobody holds a view of it: a reader in another thread goes on with it.
        self._map = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ)
        self._array = None
        self.size = size
        return True

    @property
    def data(self) -> mmap.mmap | bytes:
        """What is mapped now."""
        return self._map if self._map is not None else b""

    @property
    def array(self) -> npt.NDArray[np.uint8]:
        """What is mapped now, as an array that can't be written."""
        if self._array is None or len(self._array) != self.size:
            import numpy

            self._array = numpy.frombuffer(self.data, numpy.uint8) if self.size else numpy.zeros(0, numpy.uint8)
        return self._array

    def close(self) -> None:
        """Let the file go. What was mapped stays readable for whoever still holds a view."""
        self._array = None
        self._map = None
        self._file.close()
        self.size = 0
