"""Example values for a schema of OpenAPI: what it gives as an example, else something of its kind.

References within the document are followed, to themselves no second time. It must not know paths.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from protocols.http.formats.imported import rows, table

_DEEP: Final = 12
_LARGEST: Final = 2_000
_TEXTS: Final = {
    "date": "2000-01-31", "date-time": "2000-01-31T12:00:00Z", "time": "12:00:00", "email": "guido@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000", "uri": "http://example.com/", "url": "http://example.com/",
    "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "byte": "bmV0bGFi", "binary": "",
    "password": "secret",
}  # fmt: skip


class Document:
    """A description and the references in it. missing: those that lead nowhere."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value
        self._left = _LARGEST
        self.missing: list[str] = []

    def follow(self, value: object) -> dict[str, Any]:
        """An object, or what its $ref leads to; an empty one where that leads nowhere."""
        seen = set()
        found = table(value)
        while isinstance(found.get("$ref"), str):
            reference = found["$ref"]
            if reference in seen:
                return {}
            seen.add(reference)
            found = table(self._at(reference))
        return found

    def _at(self, reference: str) -> object:
        found: object = self._value
        if not reference.startswith("#/"):
            self._miss(reference)
            return None
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal() and len(key) < 7 and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                self._miss(reference)
                return None
        return found

    def _miss(self, reference: str) -> None:
        if reference not in self.missing and len(self.missing) < 100:
            self.missing.append(reference)

    def given(self, said: dict[str, Any]) -> tuple[bool, Any]:
        """The example that a parameter or a body's form gives of itself, and whether there is one."""
        if "example" in said:
            return True, said["example"]
        examples = said.get("examples")
        if isinstance(examples, dict) and examples:
            return self._first(self.follow(next(iter(examples.values()))))
        return False, None

    def _first(self, example: dict[str, Any]) -> tuple[bool, Any]:
        return ("value" in example), example.get("value")

    def example(self, schema: object) -> Any:
        """A value that the schema allows, as small as it may be."""
        self._left = _LARGEST
        return self._made(schema, ())

    def _made(self, schema: object, above: tuple[int, ...]) -> Any:
        found = self.follow(schema)
        self._left -= 1
        if id(found) in above or len(above) > _DEEP or self._left < 0:
            return None
        for key in ("example", "const", "default"):
            if key in found:
                return found[key]
        for key in ("examples", "enum"):
            if rows(found.get(key)):
                return found[key][0]
        above = (*above, id(found))
        return self._of_kind(found, above)

    def _of_kind(self, found: dict[str, Any], above: tuple[int, ...]) -> Any:
        if rows(found.get("allOf")):
            made = [self._made(one, above) for one in found["allOf"]]
            whole: dict[str, Any] = {}
            for one in made:
                whole.update(table(one))
            return whole | table(self._properties(found, above)) or next((one for one in made if one is not None), None)
        for key in ("oneOf", "anyOf"):
            if rows(found.get(key)):
                return self._made(found[key][0], above)
        kind = found.get("type")
        kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object" or "properties" in found:
            return self._properties(found, above)
        if kind == "array" or "items" in found:
            inner = self._made(found.get("items"), above)
            return [] if inner is None else [inner]
        return _simple(kind, found)

    def _properties(self, found: dict[str, Any], above: tuple[int, ...]) -> dict[str, Any]:
        made = {}
        required = rows(found.get("required"))
        for name, one in table(found.get("properties")).items():
            if self.follow(one).get("readOnly") is True:
                continue
            value = self._made(one, above)
            if value is not None or name in required:
                made[name] = value
        return made


def _simple(kind: object, found: dict[str, Any]) -> Any:
    if kind == "string":
        least = found.get("minLength")
        text = _TEXTS.get(str(found.get("format")), "text")
        return text.ljust(min(least, 1000), "x") if isinstance(least, int) else text
    if kind in ("integer", "number"):
        least = found.get("minimum")
        if isinstance(least, (int, float)) and not isinstance(least, bool):
            return least
        return 1 if kind == "integer" else 1.5
    return {"boolean": True}.get(str(kind))
