"""Pump: one connection's thread waits here, for its streams, its clock and a wake together.

Whoever wants something of the thread sets the wake; a stop ends every wait. It must not know
what the bytes mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from protocols.http.proxy.stream import Stream
from protocols.record import polling
from protocols.service.wake import Wake

_READY: Final = polling.POLLIN | polling.POLLHUP | polling.POLLERR | polling.POLLNVAL


class Stopped(Exception):
    """The proxy stops, or the exchange under way was aborted."""


class Pump:
    """Turns for one thread. wake: any thread may set it. stopping: asked at each turn."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self.wake: Final = Wake()
        self.stopping: Final = stopping
        self._poll = polling.poll()
        self._poll.register(self.wake.fileno(), polling.POLLIN)
        self._watched: dict[int, int] = {}

    def turn(
        self, reads: Iterable[Stream] = (), sends: Iterable[Stream] = (), timeout_s: float | None = None,
        watch: Iterable[Stream] = (),
    ) -> list[Stream]:  # fmt: skip
        """Wait once, send what can go, read what came into the streams' buffers; those to which something happened.

        watch: streams that are not read, but whose loss ends the wait. Raises Stopped.
        """
        reads, sends, watch = list(reads), list(sends), list(watch)
        waited = sum(stream.waiting for stream in sends)
        pause = self._flush(sends, timeout_s)
        if waited != sum(stream.waiting for stream in sends) or any(
            stream.pending() for stream in reads
        ):
            pause = 0.0  # something went on: whoever asked may not want to wait any more
        ready = self._wait(self._masks(reads, sends, watch), pause)
        if self.stopping():
            raise Stopped
        happened = [stream for stream in watch if ready.get(stream.fileno(), 0) & _READY]
        for stream in sends:
            if ready.get(stream.fileno(), 0):
                stream.blocked = False
        for stream in reads:
            if (ready.get(stream.fileno(), 0) & _READY or stream.pending()) and stream.read() is not None:
                happened.append(stream)
        self._flush(sends, None)
        return happened

    def ready(self, streams: Iterable[Stream], timeout_s: float | None = None) -> list[Stream]:
        """Wait once until one of them could be read; which could. Nothing is read. Raises Stopped."""
        streams = list(streams)
        ready = self._wait({stream.fileno(): polling.POLLIN for stream in streams if stream.fileno() >= 0}, timeout_s)
        if self.stopping():
            raise Stopped
        return [stream for stream in streams if ready.get(stream.fileno(), 0) & _READY]

    def _flush(self, sends: list[Stream], timeout_s: float | None) -> float | None:
        pause = timeout_s
        for stream in sends:
            if stream.blocked:
                continue
            wait_s = stream.flush()
            if wait_s is not None:
                pause = wait_s if pause is None else min(pause, wait_s)
        return pause

    def _masks(self, reads: list[Stream], sends: list[Stream], watch: Iterable[Stream]) -> dict[int, int]:
        masks: dict[int, int] = {}
        for stream in watch:
            masks[stream.fileno()] = 0
        for stream in reads:
            masks[stream.fileno()] = masks.get(stream.fileno(), 0) | polling.POLLIN
        for stream in sends:
            if stream.blocked:
                masks[stream.fileno()] = masks.get(stream.fileno(), 0) | polling.POLLOUT
        masks.pop(-1, None)
        return masks

    def _wait(self, masks: dict[int, int], pause: float | None) -> dict[int, int]:
        for fd in self._watched.keys() - masks.keys():
            try:
                self._poll.unregister(fd)
            except KeyError:
                pass
        for fd, mask in masks.items():
            if self._watched.get(fd) != mask:
                self._poll.register(fd, mask)
        self._watched = masks
        ready = dict(self._poll.poll(None if pause is None else max(0.0, pause) * 1000))
        if ready.pop(self.wake.fileno(), 0):
            self.wake.clear()
        return ready

    def drain(self, stream: Stream, deadline_s: float) -> bool:
        """Wait until everything is sent; False when it could not be in time, or not at all."""
        until = time.monotonic() + deadline_s
        while not stream.idle:
            left = until - time.monotonic()
            if left <= 0 or stream.broken:
                return False
            self.turn((), (stream,), left)
        return not stream.broken

    def close(self) -> None:
        """Give the wake's descriptors back."""
        self.wake.close()
