"""News, by click and key."""

from __future__ import annotations

from tests.widgets.mail.conftest import Room


def test_news_is_read_and_answered(room: Room) -> None:
    room.panel.show_view("news")
    page = room.panel.news
    room.click(page.empty.button)
    room.wait(lambda: page.articles.rowCount() == 2)
    page.article_table.selectRow(0)
    page.show_article(0)
    room.wait(lambda: page.message.shown is not None)
    assert page.message.shown is not None
    assert page.message.shown.subject.startswith("Re: Why")
    room.click(page.write_button)
    assert page.form["subject"].startswith("Re: ")
    page.text.setPlainText("It is so.\n.\n")
    room.click(page.post_button)
    room.wait(lambda: page.articles.rowCount() == 3)
    assert "Posted" in room.toasts
    page.show_article(0)
    room.wait(lambda: page.message.shown is not None and "It is so." in page.message.shown.text)
    assert any(line.name == "References" and line.text.count("@") == 2 for line in page.message.shown.lines)
    room.click(page.write_button)
    page.form.set_values({"groups": "no.such"})
    room.click(page.post_button)
    room.wait(lambda: "441" in page.posted.text())
    room.click(page.close_button)
    room.wait(lambda: page.slot.phase == "ended")
    room.click(page.serve_button)
    room.wait(lambda: page.server is None)
