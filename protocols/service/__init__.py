"""Servers and clients in worker threads of their own: start, stop, join; children; intents."""
