"""The REST store: items in memory, made, read, replaced, changed and deleted as JSON.

POST makes, PUT replaces or makes, PATCH merges (RFC 7396), DELETE deletes. It must not know
connections. In a model with processes each has a store of its own, which is what such models mean.
"""

from __future__ import annotations

import json
import threading
from typing import Any, Final

from protocols.http.server.answer import Answer
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import Route, Try, json_answer, not_allowed

ITEMS: Final = 1000
ITEM_BYTES: Final = 256 << 10
_JSON: Final = "application/json"
_ONE: Final = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
_ALL: Final = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")


class Store:
    """Items by their id, which is a word in the path. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, Any] = {"1": {"name": "pen", "price": 2}, "2": {"name": "paper", "price": 5}}
        self._next = 3

    def routes(self) -> list[Route]:
        """The pages of the store."""
        text = "The list. GET reads it, POST adds an item (201 and its Location), DELETE empties it."
        one = "One item: GET, PUT (makes or replaces), PATCH (merges), DELETE. 404 where there is none."
        return [
            Route("/items", self.all, "Store", "Items", text, methods=_ALL, tries=(
                Try("Make one", "POST", "/items", _JSON, b'{"name": "ink", "price": 3}'),
                Try("Only the head", "HEAD", "/items"), Try("Empty it", "DELETE", "/items"))),
            Route("/items/", self.one, "Store", "An item", one, "/items/1", _ONE, tries=(
                Try("Replace it", "PUT", "/items/1", _JSON, b'{"name": "red pen", "price": 4}'),
                Try("Change it", "PATCH", "/items/1", _JSON, b'{"price": 5}'),
                Try("Delete it", "DELETE", "/items/1"), Try("What may be asked", "OPTIONS", "/items/1"))),
        ]

    def all(self, asked: Asked) -> Answer:
        """/items"""
        with self._lock:
            if asked.method in ("GET", "HEAD"):
                return json_answer([{"id": key, **_facts(value)} for key, value in self._items.items()])
            if asked.method == "DELETE":
                self._items.clear()
                return Answer(204)
            if asked.method == "OPTIONS":
                return Answer(204, [("Allow", ", ".join(_ALL))])
            if asked.method != "POST":
                return not_allowed(asked, *_ALL)
            value, refused = _read(asked)
            if refused is not None:
                return refused
            if len(self._items) >= ITEMS:
                return json_answer({"error": f"the store holds {ITEMS} items and no more"}, 507)
            key, self._next = str(self._next), self._next + 1
            self._items[key] = value
            return json_answer({"id": key, **_facts(value)}, 201, ("Location", f"/items/{key}"))

    def one(self, asked: Asked) -> Answer:
        """/items/ID"""
        key = asked.raw_path.removeprefix("/items/")[:100]
        if not key or "/" in key:
            return json_answer({"error": "an item's id has no slash"}, 404)
        with self._lock:
            if asked.method == "OPTIONS":
                return Answer(204, [("Allow", ", ".join(_ONE))])
            if asked.method == "PUT":
                return self._put(asked, key)
            if asked.method not in _ONE:
                return not_allowed(asked, *_ONE)
            if key not in self._items:
                return json_answer({"error": f"there is no item {key}"}, 404)
            if asked.method == "DELETE":
                del self._items[key]
                return Answer(204)
            if asked.method == "PATCH":
                change, refused = _read(asked)
                if refused is not None:
                    return refused
                self._items[key] = merged(self._items[key], change)
            return json_answer({"id": key, **_facts(self._items[key])})

    def _put(self, asked: Asked, key: str) -> Answer:
        value, refused = _read(asked)
        if refused is not None:
            return refused
        status = 200 if key in self._items else 201
        if status == 201 and len(self._items) >= ITEMS:
            return json_answer({"error": f"the store holds {ITEMS} items and no more"}, 507)
        self._items[key] = value
        return json_answer({"id": key, **_facts(value)}, status)


def merged(value: Any, change: Any) -> Any:
    """`value` with `change` merged into it: null removes (RFC 7396 section 2)."""
    if not isinstance(change, dict):
        return change
    result = dict(value) if isinstance(value, dict) else {}
    for key, new in change.items():
        if new is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), new)
    return result


def _facts(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _read(asked: Asked) -> tuple[Any, Answer | None]:
    """The JSON of a body, or the answer that refuses it."""
    if len(asked.body) > ITEM_BYTES:
        return None, json_answer({"error": f"an item has at most {ITEM_BYTES} bytes"}, 413)
    kind = asked.get("Content-Type").partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        return None, json_answer({"error": f"an item is application/json, not {kind[:100]}"}, 415)
    try:
        return json.loads(asked.body), None
    except (ValueError, RecursionError) as error:
        return None, json_answer({"error": f"the body is no JSON: {str(error)[:200]}"}, 400)
