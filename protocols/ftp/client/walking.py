"""A folder becomes the files and folders in it: from a listing of the server, or from the disk here.

Names of the server are made safe before anything is written. It must not know the queue's workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from protocols.ftp.client import localfiles, trouble
from protocols.ftp.client.jobs import Job, Jobs, Order
from protocols.ftp.client.remote import Remote, join
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.listing.entry import Entry

DEPTH: Final = 64
HIRE_EACH: Final = 64
"""After so many new jobs another worker is looked for."""


def expand(job: Job, remote: Remote, jobs: Jobs, hire: Callable[[], None]) -> None:
    """Make the folder at its new place and add a job for each thing in it. Raises FtpError, OSError, Stopped."""
    if job.order.depth >= DEPTH:
        raise trouble.trouble("too deep", path=job.order.remote, depth=DEPTH)
    (_expand_get if job.order.way == "get" else _expand_put)(job, remote, jobs, hire)


def _expand_get(job: Job, remote: Remote, jobs: Jobs, hire: Callable[[], None]) -> None:
    order = job.order
    listing = remote.listing(order.remote)
    fresh = not order.local.exists()
    order.local.mkdir(parents=True, exist_ok=True)
    localfiles.check_within(order.local, order.base or order.local, order.remote)
    base = order.base or order.local
    for number, entry in enumerate(listing.entries):
        remote.waiter.check()
        try:
            local = localfiles.inside(order.local, entry.name, fresh=fresh)
            if not entry.known or entry.kind == "other":
                raise trouble.trouble("unknown line", name=repr(entry.name[:80]))
        except FtpError as error:
            jobs.add(_child(order, entry, order.local, base, fresh), job, error)
            continue
        jobs.add(_child(order, entry, local, base, fresh), job)
        if not number % HIRE_EACH:
            hire()
    hire()


def _child(order: Order, entry: Entry, local: Path, base: Path, fresh: bool) -> Order:
    return order._replace(remote=join(order.remote, entry.name), local=local, entry=entry, base=base,
                          folder=entry.kind == "dir", depth=order.depth + 1, known_new=fresh)  # fmt: skip


def _expand_put(job: Job, remote: Remote, jobs: Jobs, hire: Callable[[], None]) -> None:
    order = job.order
    there: set[str] = set()
    try:
        remote.make_folder(order.remote)
    except FtpError as error:
        if not error.code:
            raise
        there = {entry.name for entry in remote.listing(order.remote).entries}  # it is there already, or may not be
    with os.scandir(order.local) as found:
        for number, each in enumerate(sorted(found, key=lambda one: one.name)):
            remote.waiter.check()
            folder = each.is_dir(follow_symlinks=False)
            if not folder and not each.is_file():
                continue  # a socket, a device, a link to a folder: nothing that can be sent
            jobs.add(order._replace(remote=join(order.remote, each.name), local=order.local / each.name, folder=folder,
                                    depth=order.depth + 1, known_new=each.name not in there), job)  # fmt: skip
            if not number % HIRE_EACH:
                hire()
    hire()
