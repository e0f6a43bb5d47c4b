"""Filter: which events are asked for, and the small language of the search box.

    hello world        both words, anywhere in the text of a row, upper or lower case alike
    "two words"        exactly this
    -word              not this
    conn:3 service:echo layer:call kind:send dir:in errno:ECONNREFUSED
    errno              any failure
    /re(g|x)/          a regular expression

Fields of the same name are alternatives, all else must hold together; `kind:send*` is a
pattern, `service:` a part of the name. It must not know how rows are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, TypeAlias

from protocols.record.block import SOFT_ERRORS, Rows, Table, Tables
from protocols.record.event import LAYERS

FieldName: TypeAlias = Literal["word", "regex", "conn", "service", "layer", "kind", "dir", "errno", "failed"]
FIELDS: Final = ("conn", "service", "layer", "kind", "dir", "errno")
_TOKEN: Final = re.compile(
    r'(?P<minus>-?)(?:(?P<field>conn|service|layer|kind|dir|errno):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S+))'
)


class QueryError(ValueError):
    """A query that can't be understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a query. negated: rows for which it holds are left out."""

    field: FieldName
    value: str
    negated: bool = False


@dataclass(frozen=True)
class Filter:
    """Which events to show. All parts must hold together; None stands for all.

    text: the search box, see the module. regex: the whole text is a regular expression.
    layers, services, conns: exact names. errors_only: calls that failed (a non-blocking
    call that would have had to wait is no failure). Raises QueryError.
    """

    text: str = ""
    regex: bool = False
    layers: frozenset[str] | None = None
    services: frozenset[str] | None = None
    conns: frozenset[str] | None = None
    errors_only: bool = False
    terms: tuple[Term, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        text = self.text.strip()
        terms = (_regex_term(text),) if self.regex and text else tuple(parse(text))
        if self.errors_only:
            terms += (Term("failed", ""),)
        object.__setattr__(self, "terms", terms)

    @property
    def everything(self) -> bool:
        """True if every row passes."""
        all_layers = self.layers is None or self.layers >= frozenset(LAYERS)
        return all_layers and self.services is None and self.conns is None and not self.terms


def parse(text: str) -> list[Term]:
    """The conditions of a query as typed. Raises QueryError."""
    if len(text) > 2 and text[0] == text[-1] == "/":
        return [_regex_term(text[1:-1])]
    terms = []
    for match in _TOKEN.finditer(text):
        quoted, name = match["quoted"], match["field"]
        value = (quoted if quoted is not None else match["bare"]).replace("\n", " ")
        if not value or value == "-":
            continue
        terms.append(_term(name, value, bool(match["minus"]), quoted is not None))
    return terms


def _term(name: str | None, value: str, negated: bool, quoted: bool) -> Term:
    if name is None:
        if value.lower() == "errno" and not quoted:
            return Term("failed", "", negated)
        return Term("word", value.lower(), negated)
    if name == "layer" and value.lower() not in LAYERS:
        raise QueryError(f"There is no layer {value}: the layers are {', '.join(LAYERS)}")
    if name == "dir" and value.lower() not in ("in", "out"):
        raise QueryError(f"There is no direction {value}: it is in or out")
    if name in ("layer", "dir"):
        value = value.lower()
    return Term(name, value, negated)  # type: ignore[arg-type]


def _regex_term(pattern: str) -> Term:
    try:
        re.compile(pattern.encode("utf-8", "surrogatepass"), re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise QueryError(f"Not a regular expression: {error}") from None
    return Term("regex", pattern)


Mask: TypeAlias = "int | None"
"""One byte a row, 0 or 1, as one number; None: all rows."""


class Bound:
    """A filter made ready for the blocks of one log."""

    def __init__(self, wanted: Filter, tables: Tables) -> None:
        self._tables = tables
        self.layer_codes = None if wanted.layers is None else {tables.layers[layer] for layer in wanted.layers}
        self._exact: list[tuple[Callable[[Rows], Any], Table, frozenset[str]]] = []
        if wanted.services is not None:
            self._exact.append((lambda block: block.services, tables.services, wanted.services))
        if wanted.conns is not None:
            self._exact.append((lambda block: block.conns, tables.conns, wanted.conns))
        self._groups = _grouped(wanted.terms)
        self._regexes = {
            term: re.compile(term.value.encode("utf-8", "surrogatepass"), re.IGNORECASE).search
            for term in wanted.terms if term.field == "regex"
        }  # fmt: skip
        self._seen: dict[Term, tuple[int, set[int]]] = {}

    def mask(self, block: Rows) -> Mask:
        """Which rows pass, whatever their layer."""
        mask: Mask = None
        for column, table, names in self._exact:
            codes = {table.get(name, -1) for name in names}
            mask = _both(mask, block.mask_of(column(block), codes))
            if mask == 0:
                return 0
        for group, negated in self._groups:
            either = 0
            for term in group:
                either |= int.from_bytes(self._term_mask(term, block), "little")
            if negated:
                either ^= _ones(block.count)
            mask = either if mask is None else mask & either
            if mask == 0:
                return 0
        return mask

    def _term_mask(self, term: Term, block: Rows) -> bytes:
        tables = self._tables
        match term.field:
            case "word":
                return block.mask_text(term.value.encode("utf-8", "surrogatepass"))
            case "regex":
                return block.mask_lines(self._regexes[term])
            case "dir":
                return block.mask_direction(term.value)
            case "layer":
                return block.mask_of(block.layers, self._codes(term, tables.layers))
            case "kind":
                return block.mask_of(block.kinds, self._codes(term, tables.kinds))
            case "service":
                return block.mask_of(block.services, self._codes(term, tables.services))
            case "conn":
                return block.mask_of(block.conns, {tables.conns.get(term.value, -1)})
            case "errno" | "failed":
                if block.errnos is None:
                    return bytes(block.count)
                return block.mask_of(block.errnos, self._codes(term, tables.errnos))

    def _codes(self, term: Term, table: Table) -> set[int]:
        """The numbers of all names that fit; the table grows, so it is looked at again when it has."""
        size, codes = self._seen.get(term, (0, set()))
        if size != len(table.names):
            fits = _fits(term)
            codes = codes | {code for code in range(size, len(table.names)) if fits(table.names[code])}
            self._seen[term] = (len(table.names), codes)
        return codes


def _fits(term: Term) -> Callable[[Any], bool]:
    value = term.value.lower()
    match term.field:
        case "service":
            return lambda name: name is not None and value in name.lower()
        case "kind":
            return lambda name: fnmatchcase(name.lower(), value)
        case "failed":
            return lambda name: name is not None and name not in SOFT_ERRORS
        case _:
            return lambda name: name is not None and str(name).lower() == value


def _grouped(terms: tuple[Term, ...]) -> list[tuple[list[Term], bool]]:
    """Fields of one name are alternatives; words, and whatever is left out, stand alone. Cheap ones come first."""
    groups: dict[object, list[Term]] = {}
    for number, term in enumerate(terms):
        alone = term.negated or term.field in ("word", "regex")
        groups.setdefault(number if alone else term.field, []).append(term)
    cost = {"word": 1, "regex": 2}
    ordered = sorted(groups.values(), key=lambda group: cost.get(group[0].field, 0))
    return [(group, group[0].negated) for group in ordered]


def _both(mask: Mask, other: bytes) -> int:
    number = int.from_bytes(other, "little")
    return number if mask is None else mask & number


def _ones(count: int) -> int:
    return int.from_bytes(b"\1" * count, "little")
