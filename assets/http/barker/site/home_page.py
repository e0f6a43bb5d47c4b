"""A program whose output is a page."""

import os
import time
from html import escape

print("<html><body><h1>Home</h1>")
print("<p>Process", os.getpid(), "wrote this at", time.strftime("%H:%M:%S"), "</p>")
print("<p>The query was:", escape(os.environ.get("QUERY_STRING", "")), "</p>")
print("</body></html>")
