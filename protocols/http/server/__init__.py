"""Web servers: requests read with limits, answered by an application, on any of the lab's concurrency models.

A panel makes them with `kinds.py`, one function per kind; each returns a Server that is started with `Lab.start`:

    web_server(recorder, root, *, cgi=False, types=None, **common)         the files of a folder
    sandbox_server(recorder, **common)                                     the site to try things on
    barker_server(recorder, step, root="", **common)                       a step of the ladder, 1 to 9
    handler_server(recorder, rules, **common) -> HandlerServer             methods ticked; .server, .set_rules(rules)
    wsgi_server(recorder, app, *, folder="", deploy="wsgi", **common)      `module:app`; deploy: in `deploy.DEPLOYMENTS`

common: host="127.0.0.1", port=0, model="threads", workers=4, tls=None, delay_ms=0, time_out_s=30.0. tls: a name of
`kinds.CERTIFICATES` ("good", "expired", "wrong-host", "self-signed"). `kinds.url_of(server, tls)` is for a browser.

What was served: `served.ServedLog().feed(raws)` takes the recorder's events as a panel's consumer gets them, in every
model; `rows(service)` gives `Served` rows (number, method, target, status, bytes, worker, took_ns, conn, position ..).
The ladder: `barker.STEPS` (number, title, news, lesson, code, difference()) and
`ladder_check.check_step`. The sandbox's pages: `sandbox.site.PAGES`.
Rules of the custom handler: `rules.Rules(methods=("GET", "HEAD"), fixed=FixedAnswer(status, headers, body, delay_ms))`.
"""
