"""Handlers that tests give to servers, by name, so that a child process finds them too."""

from __future__ import annotations

import os
import threading

from protocols.concurrency.contract import Handler, HandlerSpec


class Echo(Handler):
    def received(self, conn, data):
        conn.send(data)


class Faulty(Handler):
    """Raises on b"crash", hangs up on b"bye", ends its process on b"die"; else echoes."""

    def received(self, conn, data):
        if data.startswith(b"crash"):
            raise ZeroDivisionError("as asked")
        if data.startswith(b"die"):
            os._exit(3)
        conn.send(data)
        if data.startswith(b"bye"):
            conn.close()


class Flood(Handler):
    """Answers every chunk with a megabyte."""

    def received(self, conn, data):
        conn.send(data[:1] * (1 << 20))


class Listener(Handler):
    """Stays after the peer's end of stream and says goodbye a last time."""

    def ended(self, conn):
        conn.send(b"you are gone")
        conn.half_close()


class Spinning(Handler):
    """Never looks for the end of the stream."""

    reads_past_end = True

    def __init__(self):
        self.empty = 0

    def received(self, conn, data):
        if not data:
            self.empty += 1
            if self.empty == 10:
                conn.close()
            return
        conn.send(data)


class Recording(Handler):
    """Puts what happens into a list that the test shares."""

    def __init__(self, events):
        self.log = events

    def opened(self, conn):
        self.log.append("opened")

    def received(self, conn, data):
        self.log.append(data)
        conn.send(data)

    def ended(self, conn):
        self.log.append("ended")
        conn.close()

    def closed(self, conn, error):
        self.log.append(("closed", type(error).__name__ if error else None))


class UpperDatagrams:
    def received(self, data, sender):
        if data == b"crash":
            raise ZeroDivisionError("as asked")
        return data.upper() if data else None


class Unmakable(Handler):
    def __init__(self):
        raise RuntimeError("can't be made")


def echo():
    return Echo


def faulty():
    return Faulty


def flood():
    return Flood


def listener():
    return Listener


def spinning():
    return Spinning


def unmakable():
    return Unmakable


def upper_datagrams():
    return UpperDatagrams


_shared: dict[str, list] = {}
_numbers = iter(range(1 << 30))
_lock = threading.Lock()


def recording(key):
    return lambda: Recording(_shared[key])


def recorded():
    """A HandlerSpec and the list that its handlers fill (in this process)."""
    with _lock:
        key = str(next(_numbers))
    _shared[key] = []
    return HandlerSpec(f"{__name__}:recording", {"key": key}), _shared[key]


def spec(name):
    return HandlerSpec(f"tests.protocols.concurrency.handlers:{name}")
