"""The class tree says what Python itself says of the classes."""

from __future__ import annotations

import http.server

from protocols.http.server.family import WANTED, family, methods, resolution


def test_every_class_stands_below_the_one_that_it_comes_from() -> None:
    found = family()
    names = [one.kind.__name__ for one in found]
    assert {name for name in WANTED if hasattr(http.server, name)} < set(names)
    assert len(set(names)) == len(names)
    for at, one in enumerate(found):
        if one.depth:
            above = next(other for other in reversed(found[:at]) if other.depth == one.depth - 1)
            assert issubclass(one.kind, above.kind)
    threading = next(one for one in found if one.kind is http.server.ThreadingHTTPServer)
    assert threading.mixed == ("ThreadingMixIn",)


def test_the_order_of_lookup_and_the_owners_of_methods_are_pythons_own() -> None:
    kind = http.server.SimpleHTTPRequestHandler
    assert resolution(kind)[:2] == ("http.server.SimpleHTTPRequestHandler", "http.server.BaseHTTPRequestHandler")
    assert len(resolution(kind)) == len(kind.__mro__)
    by_name = {one.name: one for one in methods(kind)}
    assert by_name["do_GET"].owner == "SimpleHTTPRequestHandler"
    assert by_name["send_response"].owner == "BaseHTTPRequestHandler"
    assert "StreamRequestHandler" in by_name["setup"].owner
    assert by_name["setup"].hides == ("BaseRequestHandler",)
    assert "do_GET" not in {one.name for one in methods(http.server.BaseHTTPRequestHandler)}
