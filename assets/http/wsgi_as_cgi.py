"""Run a WSGI application as a CGI script: python wsgi_as_cgi.py MODULE:APP [FOLDER].

The server puts the request into the environment and on stdin; the answer goes to stdout.
"""

import importlib
import sys
from wsgiref.handlers import CGIHandler

name, folder = (*sys.argv[1:], "")[:2]
if folder:
    sys.path.insert(0, folder)
module, _, attribute = name.partition(":")
CGIHandler().run(getattr(importlib.import_module(module), attribute))
