"""OwnPools: connections that one run has for itself.

libcurl keeps connections for whoever comes next. One that NTLM has identified must serve nobody else: its run has a
pool of its own, which is closed with it. Used in the client's thread only. It must not know what is sent.
"""

from __future__ import annotations

from typing import Any

import pycurl  # type: ignore[import-untyped]

from protocols.http.client.run import Run


class OwnPools:
    """The pools by their runs."""

    def __init__(self) -> None:
        self._pools: dict[Run, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._pools)

    def of(self, run: Run) -> Any:
        """The pool of a run, for CURLOPT_SHARE; it is made when it is first asked for."""
        pool = self._pools.get(run)
        if pool is None:
            pool = self._pools[run] = pycurl.CurlShare()
            pool.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
        return pool

    def close_over(self) -> bool:
        """Close those of the runs that are over; whether there were any."""
        over = [run for run in self._pools if run.over]
        for run in over:
            self._pools.pop(run).close()
        return bool(over)

    def close(self) -> None:
        """Close all. No handle may use one any more."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
