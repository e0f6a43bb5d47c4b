"""Which format a text is in is found out, and what is none of them is refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.formats.detect import read_any, yaml_problem
from protocols.http.formats.imported import LIMIT_BYTES, FormatError, Imported
from tests.protocols.http.formats.requests import TEXTS

SAMPLES = {
    "curl": "$ curl -d a=b http://h/",
    "curl.exe": "C:\\> curl.exe http://h/ ^\r\n -d a=b",
    "piped": "echo a=b | curl -d @- http://h/",
    "har": json.dumps({"log": {"entries": [{"request": {"url": "http://h/", "method": "POST"}}]}}),
    "postman": json.dumps({"info": {}, "item": [{"name": "x", "request": {"url": "http://h/", "method": "POST"}}]}),
    "http": "POST http://h/\n\na=b",
    "openapi": json.dumps({"openapi": "3.1.0", "servers": [{"url": "http://h"}], "paths": {"/": {"post": {}}}}),
    "yaml": "openapi: 3.0.1\nservers: [{url: 'http://h'}]\npaths: {/: {post: {}}}\n",
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_format_is_told_from_the_others(name: str, encoding: str, tmp_path: Path) -> None:
    if name == "yaml" and yaml_problem():
        pytest.skip(yaml_problem())
    path = tmp_path / "file"
    path.write_text(SAMPLES[name], encoding=encoding)
    for read in (read_any(path), read_any(SAMPLES[name])):
        assert [one.request.method for one in read.requests] == ["POST"]
        assert read.request.url in ("http://h/", "{{base}}/")
        assert read.kind == {"curl.exe": "curl", "piped": "curl", "yaml": "openapi"}.get(name, name)


def test_an_environment_of_postman() -> None:
    assert read_any('{"name": "dev", "values": [{"key": "a", "value": 1}]}').environments == {"dev": {"a": "1"}}


@pytest.mark.parametrize("text", ["", " \n", "{}", "[]", '{"log": []}', "{", "# only a comment", "\ufeff",
'{"swagger": "2.0"}',
                                  "openapi: 2.0\n", "two words", "GET it done", "Dear all,\n\nhello",
                                  "curl " + "x" * (9 << 20)])  # fmt: skip
def test_what_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"\w"):
        read_any(text)


def test_files_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="No such file"):
        read_any(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"curl h \xff")
    with pytest.raises(FormatError, match="byte 7"):
        read_any(tmp_path / "bytes")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)
    with pytest.raises(FormatError, match="64 MB"):
        read_any(tmp_path / "large")


PIECES = st.sampled_from(["curl ", "{", "[", '"log"', ":", '"item":', "openapi: 3", "\n", "###", "GET h", "'",
'"', "$'", "^"])


@given(st.one_of(TEXTS, st.lists(PIECES, max_size=8).map("".join), st.text()))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = read_any(text)
    except FormatError as error:
        read = Imported("none", notes=[str(error)])
    assert read.requests or read.variables or read.environments or read.notes
