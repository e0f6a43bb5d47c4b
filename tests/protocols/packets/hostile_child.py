"""Looks at capture files as the lab does, in a process that may take 1 GB and no more; a JSON line a file.

Started by test_hostile with the paths of the files.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import suppress

import numpy as np

from protocols.packets.columns.texts import Texts
from protocols.packets.files.capture import Capture, CaptureError
from protocols.packets.filters.capture_filter import CaptureFilter
from protocols.packets.filters.display import DisplayFilter
from protocols.packets.filters.fields import View
from protocols.packets.streams import experts
from protocols.packets.streams.conversations import Streams
from protocols.packets.streams.follow import Follow
from protocols.packets.streams.sequence import Sequence

MEMORY_BYTES = 1 << 30


def look(path: str) -> tuple[int, str]:
    """Everything that is done to a file that is opened; (packets, what was said of damage)."""
    with Capture(path) as capture:
        capture.read_all()
        rows, streams = np.arange(len(capture)), Streams(capture)
        texts = Texts(capture, Sequence(streams).relative)
        columns = (texts.sources(rows), texts.destinations(rows), texts.protocols(rows), texts.infos(rows))
        assert all(len(column) == len(capture) for column in columns)
        assert not any(one in text for column in columns for text in column for one in "\n\r\0")
        notes = experts.notes(streams)
        view = View(capture, notes, streams.number)
        DisplayFilter('tcp.seq > 5 or ip.ttl < 9 or info contains "x" or comment contains "y"').matches(view)
        CaptureFilter("tcp or udp port 53 or vlan").matches(capture)
        streams.conversations()
        for row in rows[:5].tolist():
            with suppress(ValueError):
                follow = Follow(capture, row)
                follow.more()
                follow.finish()
        return len(capture), capture.why


def main() -> None:
    """Look at each file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for path in sys.argv[1:]:
        begun = time.process_time()
        try:
            count, why = look(path)
        except CaptureError as error:
            count, why = 0, str(error)
        told = {"path": path, "packets": count, "why": why, "seconds": time.process_time() - begun,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}  # fmt: skip
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
