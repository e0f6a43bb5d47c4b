"""The folder's server from its form: CGI with its trace, and media types of one's own."""

from __future__ import annotations

import os

from tests.widgets.http.conftest import Room
from widgets.http.request.pairs import Pair
from widgets.http.server.types_dialog import TypesDialog


def test_a_script_is_run_when_cgi_is_ticked_and_its_run_stands_beside_the_request(room: Room) -> None:
    servers = room.ends.servers
    assert servers.current.form.fields["cgi"] is False
    off = room.serve()
    sent = room.send(f"{off.url}htbin/hello.py")
    assert b"print(" in sent.body.data  # a file as all are
    off.stop()
    room.wait(lambda: off.phase == "ended")
    slot = room.serve(cgi=True)
    room.ends.request.body_editor.kind.choose("form")
    room.ends.request.body_editor.fields.set_pairs([Pair("subnum", "7"), Pair("comments", "<b>&")])
    sent = room.send(f"{slot.url}cgi-bin/review.py?from=test", "POST")
    body = bytes(sent.body.data).decode()
    assert "subnum: 7" in body
    assert "comments: &lt;b&gt;&amp;" in body
    live = servers.current.live
    room.wait(live.script.isVisible)
    told = dict(tuple(row) for row in live.script.trace.rows())
    assert f"process {os.getpid()} starts" in told["Server"]
    assert "review.py" in told["Script"]
    assert "subnum=7" in told["stdin"]
    assert "Content-Type: text/html" in told["stdout"]
    assert "exit status 0" in told["Ended"]
    words = dict(tuple(row) for row in live.script.environment.rows())
    assert (words["QUERY_STRING"], words["REQUEST_METHOD"], words["SCRIPT_NAME"]) == (
        "from=test", "POST", "/cgi-bin/review.py")  # fmt: skip
    assert live.script.environment.row(0)[0] == "REQUEST_METHOD"
    room.ends.request.body_editor.kind.choose("none")
    for target, status, part in (("cgi-bin/divide.py", 500, "wrote nothing"), ("htbin/hello.py", 200, "htbin"),
                                 ("cgi-bin/divide.py?pretty=1", 500, "ZeroDivisionError"),
                                 ("cgi-bin/missing.py", 404, "looked everywhere"),
                                 ("cgi-bin/environment.py?a=1", 200, "QUERY_STRING")):  # fmt: skip
        sent = room.send(slot.url + target, "GET")
        assert sent.final is not None
        assert (sent.final.status, part in bytes(sent.body.data).decode()) == (status, True), target
    room.send(slot.url)
    room.wait(lambda: not live.script.isVisible())


def test_media_types_of_ones_own_come_from_a_table(room: Room) -> None:
    form = room.ends.servers.current.form
    room.ends.servers.current.show_form()
    form.set_values({"site": "folder"})
    dialog = form.show_types()
    room.qtbot.addWidget(dialog)
    assert isinstance(dialog, TypesDialog)
    dialog.own.set_pairs([Pair("json", "no type")])
    assert "no media type" in dialog.strip.text()
    dialog.own.set_pairs([Pair("json", "text/x-books"), Pair(".csv", "text/plain")])
    assert not dialog.strip.isVisible()
    assert form.fields["types"] == ".json=text/x-books, .csv=text/plain"
    dialog.search.setText(".json")
    assert (".json", "application/json", "yours: text/x-books") in [tuple(row) for row in dialog.usual.rows()]
    dialog.close()
    slot = room.serve(types=form.fields["types"])
    sent = room.send(f"{slot.url}books.json")
    assert sent.final is not None
    assert sent.final.answer is not None
    assert sent.final.answer.get("Content-Type") == "text/x-books"
    slot.stop()
    room.wait(lambda: slot.phase == "ended")
    slot = room.ends.servers.start_site({"site": "folder", "port": 0, "types": "nonsense"})
    room.wait(lambda: slot.trouble is not None)
    assert slot.trouble is not None
    assert "ENDING=TYPE" in slot.trouble.why
