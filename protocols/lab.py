"""Lab: one recorder, what runs, what was asked for, and the store that keeps it. Complete without a window.

A script makes one, starts services in it and closes it. It must not know any service's subject,
nor who looks.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from protocols.record.recorder import Recorder
from protocols.record.tcpstate import StateSampler
from protocols.service.base import JOIN_S, Service, ServiceError
from protocols.service.descriptors import raise_limit
from protocols.service.intents import Intents
from protocols.service.running import Running

if TYPE_CHECKING:
    from protocols.record.store import Store


class Lab:
    """What all services of one run share. Use it as a context manager, or call `close()`.

    store: where events are kept, or None; whoever opens a session sets it. descriptors: (soft, hard) limit.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self.recorder: Final = recorder if recorder is not None else Recorder()
        self.running: Final = Running()
        self.intents: Final = Intents()
        self.sampler: Final = StateSampler(self.recorder)
        self.store: Store | None = None
        self.descriptors: Final = raise_limit()
        self._door = threading.Lock()
        self._ending = False

    def start(self, service: Service, *, room: str = "") -> None:
        """Start `service` and keep an eye on it. Raises what its start raises, and ServiceError once the lab ends.

        A service that could not start is forgotten. room: the id of the panel it runs for; that panel's button in the
        rail shows that something runs.
        """
        service.room = room
        with self._door:  # what is in the list before `end` looks is stopped by it; nothing comes in after
            if self._ending:
                raise ServiceError(f"{service.name} was not started: the lab is closing, nothing new is begun")
            self.sampler.start()
            self.running.add(service)
        try:
            service.start()
        except BaseException:
            self.running.discard(service)
            raise

    def stop(self, service: Service, timeout_s: float = JOIN_S) -> bool:
        """Stop `service`; False, and it stays in the list, when it did not end in time."""
        ended = service.stop(timeout_s)
        if ended:
            self.running.discard(service)
        return ended

    def end(self, deadline_s: float = JOIN_S) -> list[str]:
        """Stop everything for good: no service starts from now on. The names of those that did not end in time."""
        with self._door:
            self._ending = True
        return self.running.stop_all(deadline_s)

    def close(self, deadline_s: float = JOIN_S) -> list[str]:
        """`end()`, and close the store. The names of services that did not end in time."""
        left = self.end(deadline_s)
        self.intents.close()
        self.sampler.stop()
        store, self.store = self.store, None
        if store is not None:
            store.close()
        return left

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
