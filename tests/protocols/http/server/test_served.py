"""Each request is a row, whatever the model: who answered it, how long it took, where its bytes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.concurrency.contract import MODELS
from protocols.http.server.kinds import sandbox_server, web_server
from protocols.http.server.served import ServedLog
from tests.protocols.http.server.sites import running, say

WORKERS = {"fork": "pid ", "socketserver-forking": "pid ", "asyncio": "task "}
TWO = b"GET /time HTTP/1.1\r\nHost: h\r\n\r\nGET /status/404 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("model", [one.name for one in MODELS if one.available])
def test_every_model_tells_who_answered_which_request(model: str) -> None:
    with running(sandbox_server, model=model) as site:
        got = say(site, TWO)
        assert got.count(b"HTTP/1.1 ") == 2
        site.notes("answered", 2)
        log = ServedLog()
        log.feed(site.raws, 0)
        first, second = log.rows(site.server.name)
        assert (first.number, first.method, first.target, first.status) == (1, "GET", "/time", 200)
        assert (second.number, second.status, second.conn) == (2, 404, first.conn)
        assert TWO[first.begin : first.end].endswith(b"h\r\n\r\n")
        assert second.end == len(TWO)
        assert first.worker.startswith(WORKERS.get(model, "thread "))
        assert first.took_ns > 0
        assert site.raws[second.position][2] == "answered"
        assert log.count(site.server.name) == 2
        assert log.rows("other:1") == []


def test_a_connection_kept_alive_and_closed_unused_is_no_row(tmp_path: Path) -> None:
    with running(web_server, str(tmp_path), time_out_s=0.3) as site:
        assert say(site, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        site.notes("timed out")
        log = ServedLog()
        log.feed(site.raws)
        assert [(row.method, row.status) for row in log.rows()] == [("GET", 200)]


def test_what_was_no_request_is_a_row_too_and_rows_are_bounded(tmp_path: Path) -> None:
    with running(web_server, str(tmp_path)) as site:
        for _ in range(3):
            say(site, b"nonsense\r\n\r\n")
        site.notes("bad request", 3)
        log = ServedLog(limit=2)
        log.feed(site.raws)
        assert [(row.number, row.status, row.position) for row in log.rows()] == [(2, 400, -1), (3, 400, -1)]
        assert "request line" in log.rows()[0].why
        assert log.total == 3
        log.clear()
        assert log.rows() == []
