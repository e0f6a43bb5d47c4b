"""One request on four layers, the parser's calls, and the steps that read an answer as a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.by_hand.layers import LAYERS, LayersRun
from protocols.http.formats.python_write import write_python
from protocols.http.markup import markup_events
from protocols.http.request import Body, Request, RequestError
from protocols.record.recorder import Recorder
from tests.protocols.http.peers import Pages, pages

PAGE = "<!DOCTYPE html>\n<p class=a>x &amp; y</p><br/>\n<!-- no --><a href='/b'>\u00fc</a>"


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.mark.parametrize("path", ["/echo", "/status/404"])
def test_all_layers_get_the_same_body(server: Pages, path: str) -> None:
    results = LayersRun(Recorder(), Request(url=server.url + path)).run()
    assert [one.layer for one in results] == [layer.id for layer in LAYERS]
    assert {(one.status, one.error) for one in results} == {(404 if "404" in path else 200, "")}
    assert len({one.sha256 for one in results}) == 1
    assert results[0].body


def test_chunks_are_undone_and_http_client_takes_an_early_hint_for_the_answer(server: Pages) -> None:
    results = {one.layer: one for one in LayersRun(Recorder(), Request(url=server.url + "/chunked")).run()}
    assert (results["socket"].status, results["socket"].body) == (200, b"hello world")
    assert results["pycurl"].body == b"hello world"
    assert results["http.client"].status == results["urllib"].status == 103  # of all 1xx it knows 100 alone


def test_all_layers_send_the_same_body(server: Pages) -> None:
    asked = Request("POST", server.url + "/echo", body=Body("form", fields=(("a", "1 2"),)))
    results = LayersRun(Recorder(), asked).run()
    assert {one.body for one in results} == {b"a=1+2"}
    assert {seen.body for seen in server.seen[-4:]} == {b"a=1+2"}


def test_the_four_scripts_print_the_same_body(server: Pages) -> None:
    request = Request(url=server.url + "/echo")
    running = [subprocess.Popen([sys.executable, "-c", write_python(request, layer.id)], stdout=subprocess.PIPE)
               for layer in LAYERS]  # fmt: skip
    printed = [child.communicate(timeout=60)[0] for child in running]
    assert [text.rstrip().endswith(b"hello") for text in printed] == [True] * 4


def test_what_fails_on_a_layer_is_told_and_what_not_all_can_do_is_refused() -> None:
    results = LayersRun(Recorder(), Request(url="http://127.0.0.1:1/")).run()
    assert all(one.error and not one.status for one in results)
    for refused in (Request(url="ftp://127.0.0.1/x"), Request("POST", "http://h/", body=Body("file", path=__file__))):
        with pytest.raises(RequestError):
            LayersRun(Recorder(), refused)


def test_a_page_becomes_calls_with_their_places_in_the_source() -> None:
    events = markup_events(PAGE)
    assert [event.call.removeprefix("handle_") for event in events] == [
        "decl", "data", "starttag", "data", "entityref", "data", "endtag", "startendtag", "data", "comment", "starttag",
        "data", "endtag"]  # fmt: skip
    made_of = [PAGE[event.begin : event.end] for event in events]
    assert made_of[:3] == ["<!DOCTYPE html>", "\n", "<p class=a>"]
    assert made_of[4] == "&amp;"
    assert made_of[-3:] == ["<a href='/b'>", "\u00fc", "</a>"]
    assert (events[2].line, events[2].column) == (2, 0)


@limits(max_examples=100)
@given(st.text(alphabet=st.sampled_from("<>/!-[]&;a='\" \n\u00fc"), max_size=60))
def test_any_markup_becomes_calls_in_order(html: str) -> None:
    events = markup_events(html)
    places = [event.begin for event in events]
    assert places == sorted(places)
    assert all(0 <= event.begin <= len(html) for event in events)
