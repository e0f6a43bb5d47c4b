"""The lines of listings are those that pyftpdlib makes one at a time; the virtual root follows links as before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from protocols.ftp.server.library import VirtualFolder
from protocols.ftp.server.root import VirtualRoot

FACTS = ["type", "perm", "size", "modify", "unix.mode", "unix.uid", "unix.gid", "unique"]


class _Channel:
    """What a session is to its folder."""

    use_gmt_times = True
    encoding = "utf-8"
    unicode_errors = "surrogateescape"


@pytest.fixture
def roots(tmp_path: Path) -> tuple[VirtualRoot, Any, Path]:
    root = tmp_path / "root"
    root.mkdir()
    for number, age in enumerate((0, 3600, 200 * 86400, 20 * 365 * 86400)):
        path = root / f"file {number} \u00e9.txt"
        path.write_bytes(b"x" * number * 1000)
        at = path.stat().st_mtime - age
        os.utime(path, (at, at))
    os.close(os.open(os.fsencode(root) + b"/\xff.bin", os.O_CREAT | os.O_WRONLY, 0o640))
    (root / "folder").mkdir(mode=0o750)
    (root / "inner").symlink_to("folder")
    (root / "broken").symlink_to("nowhere")
    (root / "out").symlink_to(tmp_path)
    return VirtualRoot(str(root), _Channel()), VirtualFolder(str(root), _Channel()), root


def test_lines_are_those_of_the_library(roots: tuple[VirtualRoot, Any, Path]) -> None:
    ours, theirs, root = roots
    names = [name for name in sorted(os.listdir(root)) if name != "out"]
    for perms in ("elradfmwMT", "elr"):
        mine = b"".join(ours.format_mlsx(str(root), [".", *names], perms, FACTS))
        assert mine == b"".join(theirs.format_mlsx(str(root), [".", *names], perms, FACTS))
    assert b"".join(ours.format_list(str(root), names)) == b"".join(theirs.format_list(str(root), names))


def test_a_link_that_leads_out_is_a_link_and_its_target_is_not_told(roots: tuple[VirtualRoot, Any, Path]) -> None:
    ours, _, root = roots
    assert b"type=OS.unix=slink;" in b"".join(ours.format_mlsx(str(root), ["out"], "elr", FACTS))
    line = b"".join(ours.format_list(str(root), ["out"]))
    assert line.startswith(b"l")
    assert line.endswith(b" out\r\n")


def test_what_has_gone_is_left_out_or_said(roots: tuple[VirtualRoot, Any, Path]) -> None:
    ours, _, root = roots
    assert b"".join(ours.format_mlsx(str(root), ["gone"], "elr", FACTS)) == b""
    assert b"".join(ours.format_list(str(root), ["gone"])) == b""
    with pytest.raises(FileNotFoundError):
        list(ours.format_mlsx(str(root), ["gone"], "elr", FACTS, ignore_err=False))


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("", True), ("folder", True), ("inner", True), ("inner/new", True), ("broken", True), ("none/of/this", True),
        ("out", False), ("out/root", True), ("out/elsewhere", False), ("..", False), ("../rooted", False),
        ("folder/../..", False), ("folder/../folder", True),
    ],
)  # fmt: skip
def test_a_path_is_inside_where_it_really_leads(
    roots: tuple[VirtualRoot, Any, Path], path: str, inside: bool
) -> None:
    ours, theirs, root = roots
    whole = os.path.join(root, path) if path else str(root)
    assert ours.validpath(whole) is inside
    assert theirs.validpath(whole) is inside
