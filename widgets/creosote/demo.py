"""What the tour does with Mr Creosote, as a newcomer would: listen, let programs write, filter.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.creosote.panel import CreosotePanel


def steps(panel: CreosotePanel) -> Iterator[DemoStep]:
    """A bucket on a free port, three programs, a filter; then a sender that is refused, explained and mended."""
    buckets, log = panel.listen.buckets, panel.listen.log
    view = buckets.current
    if view.slot.phase != "running":
        view.form.fields.set_values({"port": 0, "bind": "127.0.0.1"})
        yield Click(view.empty.button if view.stack.currentWidget() is view.empty else view.form.start_button)
    yield Wait("a bucket listens on a free port", lambda: view.slot.phase == "running" and view.slot.bucket)
    if log.empty.button.isVisible():
        yield Click(log.empty.button)
    else:
        panel.spew_programs()
    yield Wait("three programs have written", lambda: len(panel.feed.senders_of(view.slot.service)) >= 3)
    yield Wait("sixty datagrams are in the log", lambda: len(panel.feed.log) >= 60)
    yield Check("the bucket is closed to others", not view.slot.exposed)
    yield Type(log.bar.field, "level>=error")
    yield Wait("the filter leaves errors alone", lambda: 0 < log.rows.count() < len(panel.feed.log))
    levels = {panel.feed.log.reading(row).level for row in log.rows.numbers()}
    yield Check("every row shown is an error", levels <= {"ERROR", "CRITICAL"})
    yield Type(log.bar.field, "GET")
    yield Wait("words are found as they are typed", lambda: log.rows.count() and all_hold(panel, b"GET"))
    log.bar.take_all_away()
    yield from _sent(panel)
    yield Wait("the programs have ended", lambda: not panel.send.sending)
    yield Wait("every message has arrived, none is missing", lambda: complete(panel))
    log.follow()
    choose_one(panel)
    yield Picture()
    yield Click(buckets.stop_button)
    yield Wait("the bucket has stopped and its port is free", lambda: view.slot.phase == "ended")


def _sent(panel: CreosotePanel) -> Iterator[DemoStep]:
    """Every byte value reaches the log, and shows as plain text."""
    bucket = panel.listen.buckets.current.slot.bucket
    port = bucket.port if bucket is not None else 0
    yield Wait("the made-up programs have said all", lambda: not panel.send.sending)
    panel.show_view("send")
    panel.send.form.fields.set_values({"what": "message", "repeat": False, "to": "host", "host": "127.0.0.1",
                                       "port": port, "numbered": False})  # fmt: skip
    yield Type(panel.send.form.fields.editor("message"), "<b>here I am</b>", enter=True)
    yield Wait("the message is in the log", lambda: payload_there(panel, b"<b>here I am</b>"))
    panel.show_view("listen")


def payload_there(panel: CreosotePanel, payload: bytes) -> bool:
    """Whether one of the newest datagrams is this one."""
    log = panel.feed.log
    return any(log.payload(row) == payload for row in range(max(log.first, len(log) - 50), len(log)))


def all_hold(panel: CreosotePanel, word: bytes) -> bool:
    """Whether every row shown holds a word."""
    return all(word in panel.feed.log.payload(row) for row in panel.listen.log.rows.numbers())


def complete(panel: CreosotePanel) -> bool:
    """Whether the bucket has taken all that the programs sent, without a loss."""
    bucket = panel.listen.buckets.current.slot.bucket
    return bucket is not None and bucket.received >= 181 and bucket.dropped == 0 and bucket.losses.total == 0


def choose_one(panel: CreosotePanel) -> None:
    """Choose a structured row near the end: the picture shows what is behind it."""
    log, rows = panel.feed.log, panel.listen.log.rows
    for place in range(rows.count() - 1, max(rows.count() - 12, -1), -1):
        if log.reading(rows.number(place)).kind == "json":
            panel.listen.log.view.chosen.choose(rows.number(place))
            return
