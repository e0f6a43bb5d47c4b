"""`netlab listen`: a bucket in the foreground, its datagrams as classic lines or as JSON lines on stdout.

A slow reader of stdout makes the queue between grow, within its bound; what finds no room is
counted, and every JSON line says how much was lost so far. It must not know argparse.
"""

from __future__ import annotations

import os
from typing import Any, Final

from protocols.creosote.bucket import Bucket, BucketSettings
from protocols.creosote.wire import classic_text
from protocols.record.bulk import Bulk, Many
from protocols.record.event import Raw, monotonic_ns, raw_to_json
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import is_exposed
from protocols.terminal import DONE, FAILED, Signals, fail, reader_gone, say, write_all

LOOK_S: Final = 0.1
ROWS: Final = 4096


def run(host: str, port: int, log: str, as_json: bool) -> int:
    """Listen until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    recorder.enabled = as_json
    tail = recorder.tail()
    bucket = Bucket(recorder, BucketSettings(host, port, log_file=log))
    with Signals() as signals:
        try:
            bucket.start()
        except OSError as error:
            if error.filename is not None:
                say(f"{error.filename} can't be written: {error.strerror}.")
                return FAILED
            return fail(error, "bind", (host, port), "udp")
        try:
            _tell_where(bucket, recorder, as_json)
            while not signals.stopping() and bucket.state == "running" and bucket.log_error is None:
                if tail.wait(LOOK_S):
                    _write(tail, as_json)
                if reader_gone():
                    raise BrokenPipeError
        finally:
            bucket.stop()
        _write(tail, as_json)
        if bucket.log_error is not None:
            say(f"{log} can't be written any more: {bucket.log_error.strerror}. Make room for it, or choose another.")
        if bucket.ended_by is not None:
            say(f"{bucket.name} ended: {getattr(bucket.ended_by, 'strerror', None) or bucket.ended_by}.")
        if bucket.dropped or tail.dropped:
            say(f"{bucket.dropped} datagrams were lost in the kernel's queue, {tail.dropped} before they were written.")
        return DONE if signals.stopping() else FAILED


def _tell_where(bucket: Bucket, recorder: Recorder, as_json: bool) -> None:
    where, host = bucket.facts().where, bucket.settings.host or "0.0.0.0"
    if is_exposed(host):
        say(f"{where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
    if not as_json:
        write_all(f"Mr Creosote listens on {where}; Ctrl+C ends it\n".encode())
        return
    facts = {"host": where.rpartition(":")[0].strip("[]"), "port": bucket.port, "transport": "udp", "pid": os.getpid(),
             "epoch_ns": recorder.epoch_ns}  # fmt: skip
    first: Raw = (monotonic_ns(), "note", "listening", bucket.name, None, None, None, None, None,
                  f"listening on {where}", facts)  # fmt: skip
    write_all(raw_to_json(first) + b"\n")


def _write(tail: Tail, as_json: bool) -> None:
    """Write what has come. Every batch is written before the next is taken: nothing waits unflushed."""
    while items := tail.take_items(ROWS):
        lines: list[bytes] = []
        for item in items:
            if isinstance(item, Bulk):
                lines += _json_lines(item, tail.dropped) if as_json else _classic_lines(item)
            elif as_json:
                lines += map(raw_to_json, item.raws() if isinstance(item, Many) else (item,))
        if lines:
            lines.append(b"")
            write_all(b"\n".join(lines))


def _classic_lines(bulk: Bulk) -> list[bytes]:
    return [classic_text(bulk.payload(row)).encode("ascii") for row in range(len(bulk))]


def _json_lines(bulk: Bulk, own_drops: int) -> list[bytes]:
    """The rows as lines; `detail.dropped` is what the kernel and this program lost so far."""
    lines = []
    for raw in bulk.raws():
        names, *values = _detail(raw)
        values[names.index("dropped")] += own_drops
        lines.append(raw_to_json((*raw[:10], (names, *values))))
    return lines


def _detail(raw: Raw) -> tuple[Any, ...]:
    detail = raw[10]
    assert isinstance(detail, tuple)
    return detail
