"""Running: the one list of the services that run, and how they all end together.

It must not know what a service does.
"""

from __future__ import annotations

import threading
import time

from protocols.service.base import JOIN_S, Service


class Running:
    """All services that were started and have not ended. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: list[Service] = []

    def add(self, service: Service) -> None:
        """Keep an eye on `service`; those that have ended are forgotten on the way."""
        with self._lock:
            self._services = [old for old in self._services if old.state in ("new", "running") and old is not service]
            self._services.append(service)

    def discard(self, service: Service) -> None:
        """Forget `service`, whether it was known or not."""
        with self._lock:
            self._services = [old for old in self._services if old is not service]

    def all(self) -> list[Service]:
        """The services in the order in which they were added, ended ones among them until the next `add`."""
        with self._lock:
            return list(self._services)

    def asked_for(self) -> list[Service]:
        """Those that a person started, and that run now."""
        return [service for service in self.all() if service.asked_for and service.state == "running"]

    def stop_all(self, deadline_s: float = JOIN_S) -> list[str]:
        """Signal all, then join all under one deadline; the names of those that did not end in time."""
        services = self.all()
        end = time.monotonic() + deadline_s
        for service in services:
            service.request_stop()
        left = []
        for service in services:
            if service.join(max(end - time.monotonic(), 0)):
                self.discard(service)
            else:
                left.append(service.name)
        return left
