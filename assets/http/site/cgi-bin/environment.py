"""A CGI script: what it finds in its environment, as a page."""

import html
import os

rows = "\n".join(
    f"<tr><td>{html.escape(name)}<td>{html.escape(value)}" for name, value in sorted(os.environ.items())
)
print("Content-Type: text/html; charset=utf-8")
print()
print(f"<!DOCTYPE html>\n<title>Environment</title>\n<h1>Process {os.getpid()} was told this</h1>")
print(f"<table>\n<tr><th>Name<th>Value\n{rows}\n</table>")
