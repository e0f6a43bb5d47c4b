"""Jobs for children in tests."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading

from protocols.record.explain import explain
from protocols.service.childmain import die_with_parent


def patient(job):
    """Ready at once; obeys until the end of its stdin."""
    said = threading.Event()

    def obey(command):
        if command["do"] == "say":
            job.recorder.note("said", command["text"])
        elif command["do"] == "burn":
            while True:
                pass
        elif command["do"] == "quit":
            said.set()
        elif command["do"] == "die":
            print("last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        elif command["do"] == "raise":
            raise SystemExit

    job.watch(obey)
    job.ready()
    said.wait()


def burning(job):
    """Ready, then a loop that never looks at anything."""
    job.watch(lambda command: None)
    job.ready()
    while True:
        pass


def deaf(job):
    """Ready, then blocked with nobody who reads stdin."""
    job.ready()
    threading.Event().wait()


def failing(job):
    raise OSError(job.params["number"], os.strerror(job.params["number"]))


def broken(job):
    job.ready()
    raise RuntimeError("broken on purpose")


def silent(job):
    os._exit(7)


def chatty(job):
    """Many processes write lines of all sizes at once."""
    pids = []
    parent = os.getpid()
    for number in range(job.params["writers"]):
        pid = os.fork()
        if pid == 0:
            die_with_parent(parent)
            for turn in range(job.params["lines"]):
                size = (turn * 7919) % job.params["largest"]
                job.recorder.note("line", "x" * size, number=number, turn=turn)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    job.ready()


def printing(job):
    print("this is not an event")
    job.ready()


def rubbish(job):
    """Writes lines that are no events."""
    job.recorder._write(b"not json\n{}\n\xff\xfe\n")
    job.ready()


def family(job):
    """Forks a child that waits for ever, and tells its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with_parent(parent)
        signal.pause()
    job.recorder.note("forked", "a grandchild", child=pid)
    job.watch(lambda command: os._exit(0) if command["do"] == "vanish" else None)
    job.ready()
    threading.Event().wait()


def become_nobody():
    """Give up root, if we have it; for good. What is loaded later must be loaded now: a venv may be root's alone."""
    explain(OSError(errno.EMFILE, "too many"), call="accept")
    "localhost".encode("idna")
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def nobody(job):
    become_nobody()
    job.recorder.note("who", "who runs this", uid=os.getuid() or os.geteuid())
    job.watch(lambda command: None)
    job.ready()
    threading.Event().wait()


def forking_server_as_nobody(job):
    """A forking server of the lab; its modules are loaded while the interpreter's folder can still be read."""
    from protocols.concurrency import childside
    from tests.protocols.concurrency import handlers

    assert handlers.echo()
    become_nobody()
    childside.run(job)


def models_as_nobody(job):
    """Every model of this process echoes for a client, without privilege; tells which did."""
    from protocols.concurrency.contract import MODELS
    from protocols.concurrency.server import model_module
    from tests.protocols.concurrency import bench

    models = bench.LOCAL_MODELS
    for model in MODELS:
        if model.name in models:
            model_module(model.name)
    become_nobody()
    for name in models:
        with bench.running(name) as (server, _), bench.dial(server) as client:
            client.sendall(b"x" * 5000)
            assert bench.read_exactly(client, 5000) == b"x" * 5000
            assert server.connections()[0].state_here == "ESTABLISHED"
        job.recorder.note("served", name, model=name)
    job.ready()
