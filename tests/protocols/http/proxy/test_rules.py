"""Which exchanges a rule is for."""

from __future__ import annotations

import pytest

from protocols.http.proxy.rules import Match, Rule, RuleError, checked_rules, first_rule


@pytest.mark.parametrize(("match", "fits"), [
    (Match(), True),
    (Match(method="post, get"), True),
    (Match(method="POST"), False),
    (Match(host="*.example.org"), True),
    (Match(host="example"), True),
    (Match(host="*.example"), False),
    (Match(url="*/shop/*"), True),
    (Match(url="ITEM=1"), True),
    (Match(url="http://*.org/shop"), False),
    (Match(status="2xx"), True),
    (Match(status="404, 20x"), True),
    (Match(status="404"), False),
])  # fmt: skip
def test_a_match_looks_at_method_host_url_and_status(match: Match, fits: bool) -> None:
    assert match.fits("GET", "www.Example.org", "http://www.example.org/shop/pen?item=1", 200) is fits


def test_a_status_that_is_not_known_yet_matches_no_wish() -> None:
    assert not Match(status="2xx").fits("GET", "h", "http://h/")


def test_the_first_rule_that_is_on_acts_and_a_hold_where_it_waits() -> None:
    late, both = Rule("hold", at="response"), Rule("hold", at="both")
    off, drop = Rule("drop", on=False), Rule("drop", Match(host="ads"))
    assert first_rule((off, late, drop), "request", "GET", "ads.x", "u") is drop
    assert first_rule((off, late, drop), "response", "GET", "ads.x", "u", 200) is late
    assert first_rule((drop, both), "request", "GET", "h", "u") is both
    assert first_rule((drop,), "response", "GET", "ads.x", "u", 200) is None


@pytest.mark.parametrize("rule", [
    Rule("map"), Rule("answer", status=99), Rule("hold", Match(status="2xx")), Rule("drop", Match(status="404")),
    Rule("hold", Match(status="4xy"), at="response"), Rule("answer", headers=(("A", "b\r\nC: d"),)),
    Rule("explode"),  # type: ignore[arg-type]
])  # fmt: skip
def test_a_rule_that_can_not_work_is_refused(rule: Rule) -> None:
    with pytest.raises(RuleError, match=r"\w+ \w+"):
        checked_rules([rule])
