"""A folder of sample files for a server that somebody wants at once: names, sizes and line ends worth a look.

It must not know servers.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

_README: Final = """\
These files are a sample: get them, put others beside them, remove what you like.
notes/lines.txt has three lines: get it in text mode and in binary mode and compare.
large.bin has 8 MB: cancel it half way, then resume it.
"""


class SampleFolder:
    """A temporary folder with sample files; `remove()` takes it away with all that was put into it."""

    def __init__(self) -> None:
        self.path: Final = Path(tempfile.mkdtemp(prefix="netlab-ftp-"))
        fill(self.path)

    def remove(self) -> None:
        """Take it away."""
        shutil.rmtree(self.path, ignore_errors=True)


def fill(folder: Path) -> None:
    """Put the sample files into a folder."""
    for name in ("notes", "pictures", "incoming", "names"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "readme.txt").write_text(_README, encoding="utf-8")
    (folder / "notes" / "lines.txt").write_bytes(b"one\ntwo\nthree\n")
    (folder / "notes" / "table.csv").write_text("name,port\nftp,21\nftp-data,20\nftps,990\n", encoding="utf-8")
    for name in ("caf\u00e9.txt", "\u0436\u0443\u043a.txt", "\u65e5\u672c\u8a9e.txt", "two words.txt"):
        (folder / "names" / name).write_text(f"{name}\n", encoding="utf-8")
    (folder / "pictures" / "square.ppm").write_bytes(b"P6 8 8 255\n" + bytes(range(192)))
    block = bytes(range(256)) * 256
    with (folder / "large.bin").open("wb") as file:
        for _ in range(128):
            file.write(block)
