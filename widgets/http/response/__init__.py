"""The response: status, headers, body in every view, phases, TLS, bytes; comparing two."""
