"""Captures with flipped bits, as editcap makes them: opened, listed and counted without a word too many."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from protocols.packets.columns.texts import Texts
from protocols.packets.files.capture import Capture
from protocols.packets.filters.display import DisplayFilter
from protocols.packets.filters.fields import View
from protocols.packets.streams import experts
from protocols.packets.streams.conversations import Streams
from protocols.packets.streams.follow import Follow
from tests.peers import require_tool
from tests.protocols.packets import making, zoo


@pytest.mark.parametrize(("share", "seed"), [("0.02", 1), ("0.2", 2), ("0.6", 3)])
def test_a_capture_that_editcap_has_fuzzed(tmp_path: Path, share: str, seed: int) -> None:
    frames = [*making.frames_of(zoo.ethernet()), *making.mixed(1500, seed)]
    (tmp_path / "good").write_bytes(making.pcapng(frames))
    subprocess.run([require_tool("editcap"), "-E", share, "--seed", str(seed), str(tmp_path / "good"),
                    str(tmp_path / "fuzzed")], check=True, capture_output=True, timeout=60)  # fmt: skip
    with Capture(tmp_path / "fuzzed").read_all() as capture:
        rows, texts = np.arange(len(capture)), Texts(capture)
        assert len(capture) == len(frames)
        for column in (texts.sources(rows), texts.destinations(rows), texts.protocols(rows), texts.infos(rows)):
            assert len(column) == len(frames)
            assert not any(one in text for text in column for one in "\n\r\0")
        streams = Streams(capture)
        assert len(experts.notes(streams)) == len(frames)
        assert sum(one.packets for one in streams.conversations()) == int((streams.number >= 0).sum())
        DisplayFilter('tcp.seq > 5 or ip.ttl < 9 or info contains "x"').matches(View(capture))
        tcp = np.flatnonzero(capture.table.column("protocol") == 6)[:20]
        for row in tcp.tolist():
            try:
                follow = Follow(capture, row)
            except ValueError:
                continue
            follow.more()
            follow.finish()
