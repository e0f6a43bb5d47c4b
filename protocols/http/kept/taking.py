"""What was imported, made fit for a collection that holds other requests: no variable of theirs gets another value, and
what identifies somebody is a secret.

It must not know files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from protocols.http.formats.imported import Imported, Named
from protocols.http.kept.masking import hides_header, without
from protocols.http.kept.variables import names_in, renamed
from protocols.http.request import Request


def fitted(read: Imported, held: Mapping[str, Mapping[str, str]]) -> Imported:
    """The same import with its names made free.

    held: the values that the collection's environments have, by environment and name; "" for those shared by all.
    A shared variable that has another value there gets a number, in its requests, too, and a note says so; an
    environment that says something else gets one to its name. Keys become variables; they and what is used as a
    password, a token or a cookie are secrets.
    """
    requests = read.requests
    for name, value in read.keys.items():
        requests = [replace(one, request=without(one.request, value, "{{" + name + "}}")) for one in requests]
    shared = {**read.variables, **read.keys}
    names = _free_names(shared, held.get("", {}))
    made = Imported(
        read.kind, [_renamed(one, names) for one in requests], read.title,
        {names.get(name, name): renamed(value, names) for name, value in shared.items()},
        notes=list(read.notes),
    )  # fmt: skip
    for name, new in names.items():
        made.say(f"The collection has another {name}: the one of these requests is called {new} now.")
    for environment, variables in read.environments.items():
        values = {names.get(name, name): renamed(value, names) for name, value in variables.items()}
        made.environments[_free_environment(environment, values, held)] = values
    used = {name for one in made.requests for text in _secrets_of(one.request) for name in names_in(text)}
    made.secrets = used | {names.get(name, name) for name in (*read.secrets, *read.keys)}
    return made


def _renamed(named: Named, names: Mapping[str, str]) -> Named:
    return replace(named, request=renamed(named.request, names)) if names else named


def _free_names(wanted: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """Other names for those that stand for something else already."""
    names: dict[str, str] = {}
    for name, value in wanted.items():
        new, number = name, 1
        while held.get(new, value) != value or (new != name and (new in wanted or new in names.values())):
            number += 1
            new = f"{name}{number}"
        if new != name:
            names[name] = new
    return names


def _free_environment(name: str, values: Mapping[str, str], held: Mapping[str, Mapping[str, str]]) -> str:
    new, number = name, 1
    while any(held.get(new, {}).get(key, value) != value for key, value in values.items()):
        number += 1
        new = f"{name} {number}"
    return new


def _secrets_of(request: Request) -> Iterator[str]:
    """The texts of a request that say who asks."""
    yield from (request.auth.password, request.auth.token, request.proxy.password, request.trust.key_password)
    yield from (value for name, value in request.headers if hides_header(name))
    yield from (value for _, value in request.cookies)
