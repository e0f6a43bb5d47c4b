"""Forms: pages with a form, and pages that show what was sent. Nothing that comes is stored or executed.

It must not know connections.
"""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Any, Final

from protocols.http.bodies import FORM_TYPE
from protocols.http.server.answer import Answer, page
from protocols.http.server.asked import Asked
from protocols.http.server.formdata import FormData, FormError, read_form
from protocols.http.server.sandbox.route import ANY, Route, Try, json_answer, wants_json

SHOWN_BYTES: Final = 1 << 20
_FORM: Final = """\
<form action="/form" method="{method}">
<label>Name <input name="name" value="Dave"></label>
<label>E-mail <input name="email" value="dave@dabeaz.com"></label>
<label>Colour <select name="colour"><option>red<option selected>blue</select></label>
<label><input type="checkbox" name="news" value="yes"> News</label>
<label>Note <textarea name="note"></textarea></label>
<input type="submit" name="submit-button" value="Send">
</form>"""
_UPLOAD: Final = """\
<form action="/upload" method="post" enctype="multipart/form-data">
<label>Title <input name="title"></label>
<label>File <input type="file" name="file" multiple></label>
<input type="submit" value="Upload">
</form>"""


def routes() -> list[Route]:
    """The pages about forms."""
    return [
        Route("/echo", echo, "Forms", "Echo", "What came, as JSON: method, target, headers in order, body, form.",
              "/echo?name=Dave&email=dave%40dabeaz.com", ANY),
        Route("/form", form, "Forms", "A form", "A form by POST, with ?method=get by GET; the answer shows its fields.",
              methods=("GET", "HEAD", "POST"), tries=(
                  Try("The form, sent", "POST", "/form", FORM_TYPE, b"name=Dave&email=dave%40dabeaz.com"),)),
        Route("/upload", upload, "Forms", "An upload",
              "A form with files. The answer shows name, type, size and SHA-256 of each; nothing is kept.",
              methods=("GET", "HEAD", "POST")),
    ]  # fmt: skip


def echo(asked: Asked) -> Answer:
    """/echo"""
    facts: dict[str, Any] = {
        "method": asked.method, "target": asked.target, "path": asked.path, "query": asked.query,
        "version": f"HTTP/{asked.version[0]}.{asked.version[1]}", "headers": [list(pair) for pair in asked.headers],
        "size": len(asked.body), "sha256": hashlib.sha256(asked.body).hexdigest(),
    }  # fmt: skip
    shown = asked.body[:SHOWN_BYTES]
    try:
        facts["text"] = shown.decode("utf-8")
    except UnicodeDecodeError:
        facts["base64"] = base64.b64encode(shown).decode()
    try:
        facts |= _told(read_form(asked.query, asked.get("Content-Type"), asked.body))
    except FormError as error:
        facts["form_error"] = str(error)
    return json_answer(facts)


def _told(form: FormData) -> dict[str, Any]:
    return {
        "form": [list(pair) for pair in form.fields],
        "files": [
            {"name": one.name, "filename": one.filename, "type": one.kind, "size": len(one.data),
             "sha256": hashlib.sha256(one.data).hexdigest()}
            for one in form.files
        ],
    }  # fmt: skip


def form(asked: Asked) -> Answer:
    """/form"""
    if asked.method != "POST" and asked.query in ("", "method=get", "method=post"):
        return page(200, "A form", _FORM.format(method="get" if asked.query == "method=get" else "post"))
    return _shown(asked)


def upload(asked: Asked) -> Answer:
    """/upload"""
    return _shown(asked) if asked.method == "POST" else page(200, "An upload", _UPLOAD)


def _shown(asked: Asked) -> Answer:
    try:
        found = read_form(asked.query, asked.get("Content-Type"), asked.body)
    except FormError as error:
        return page(400, "No form", f"<p>{html.escape(str(error))}</p>")
    told = _told(found)
    if wants_json(asked):
        return json_answer(told)
    rows = [f"<tr><td>{html.escape(name)}<td>{html.escape(value)}" for name, value in found.fields]
    rows += [
        f"<tr><td>{html.escape(one['name'])}<td>{html.escape(one['filename'])} ({html.escape(one['type'])}, "
        f"{one['size']} bytes, SHA-256 {one['sha256']})"
        for one in told["files"]
    ]
    table = "\n".join(rows)
    return page(200, "What came", f"<table>\n<tr><th>Field<th>Value\n{table}\n</table>")
