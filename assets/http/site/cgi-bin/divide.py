"""A CGI script with a mistake. Asked with ?pretty=1 it shows its traceback as a page, else it just dies."""

import html
import os
import traceback

try:
    print("Content-Type: text/plain\n\n" + str(1 // 0))
except ZeroDivisionError:
    if "pretty=1" not in os.environ["QUERY_STRING"]:
        raise
    # For one's own machine only: a traceback tells strangers how a site is built.
    print("Status: 500 Internal Server Error")
    print("Content-Type: text/html; charset=utf-8\n")
    print(f"<!DOCTYPE html>\n<title>ZeroDivisionError</title>\n<pre>{html.escape(traceback.format_exc())}</pre>")
