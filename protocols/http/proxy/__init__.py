"""The debugging proxy: HTTP forward with CONNECT, or plain TCP to one place, in worker threads.

What a panel uses; every call is safe from any thread and returns at once unless it says so.

    from protocols.http.proxy.service import DebugProxy, ProxyOrder
    proxy = DebugProxy(recorder, ProxyOrder(host="127.0.0.1", port=0, reverse=None, intercept=False))
    lab.start(proxy, room="web")        # raises the real error; proxy.address == (host, port), proxy.url
    proxy.warnings()                    # standing warnings, sentences: exposed, TLS intercepted, upstream unverified
    proxy.ca_pem(), proxy.ca_path()     # the lab's authority, for whoever is to trust intercepted HTTPS
    proxy.set_intercept(True)           # from the next CONNECT on; proxy.intercepting
    proxy.set_verify(False)             # whether certificates of origins are verified; proxy.verifying
    proxy.set_line("up"|"down", bytes_per_s=None, delay_ms=0)   # up: client to server; proxy.line("up")

The list (`entry`): poll `proxy.changed(since)`, cheap when nothing happened; entries are live objects, read only.

    stamp, entries = proxy.changed(stamp)            # those that are new or changed since; begin with 0
    proxy.entry(number), proxy.entries(match=None)   # match: rules.Match, the filter
    proxy.forgotten, proxy.clear()                   # how many old ones made room; forget all that are over
    entry.number client conn upstream_conn method url host status reason state kind failure faults rule replay_of
    entry.state   "request" "held request" "waiting" "response" "held response" "tunnel" | over: "done" "failed"
                  "dropped"; entry.over, entry.held
    entry.kind    "http" "tunnel" "tls" (CONNECT that is intercepted) "upgraded" "tcp"
    entry.request, entry.response: Side: head, body (Spool), sent_head, sent_body, sent_changed
    entry.phases_ms() {"request","held_request","dns","connect","tls","send","wait","transfer","held_response","total"}
    side.bytes_came(limit), side.bytes_sent(limit)   # head and body as they came, as they were passed on
    spool.size (all that went by), spool.kept, spool.cut (bytes not kept, 0: whole), spool.read(offset, size)

Rules (`rules`), the first that matches acts; a list that is replaced whole:

    proxy.set_rules((Rule("hold", Match(method="POST", url="*/login*"), at="request"|"response"|"both"),
                     Rule("map", Match(url="*/app.js"), path="/srv/app.js"), Rule("drop", Match(host="ads.*")),
                     Rule("answer", Match(url="*/down"), status=503, body=b"later"), Rule("ignore", Match(...))))
    # "ignore": passed on, not listed

What is held waits in its own thread and nobody else does:

    proxy.held()                        # entries, oldest first
    proxy.release(number)               # go on as it is
    proxy.edit(number, head=None, body=None, fix_length=True)   # go on changed; None leaves that part
    proxy.drop(number)                  # the client gets a RST, nothing more
    proxy.answer(number, head, body)    # the client gets this answer; a held request goes nowhere
    proxy.release_all()
    # raise ProxyError (a sentence) where it is not held any more, or the text is no HTTP

    proxy.replay(number, head=None, body=None) -> int    # send it again, changed if wanted: the new entry's number
    proxy.abort(number)                 # end what is under way

Everything is on the time line: both sides are traced sockets; messages "request" and "response" on the client's
connection, "request forwarded" and "response received" on the origin's, with byte ranges and detail.number; notes
"held", "released", "fault injected" (detail.fault: throttle, delay, drop, edit, answer, map), "failed", "refused".
"""
