"""A CGI script: the three fields of review.html, by GET from the query and by POST from stdin."""

import html
import os
import sys
from urllib.parse import parse_qs

if os.environ["REQUEST_METHOD"] == "POST":
    text = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0)).decode("utf-8", "replace")
else:
    text = os.environ["QUERY_STRING"]
fields = parse_qs(text, keep_blank_values=True)
print("Content-Type: text/html; charset=utf-8")
print()
print("<!DOCTYPE html>\n<title>Review</title>\n<h1>A review came in</h1>")
for name in ("subnum", "reviewer", "comments"):
    print(f"<p>{name}: {html.escape(fields.get(name, ['(nothing)'])[0])}</p>")
