"""The web step by step: http.client's calls, urllib's openers, layers, WebSocket, raw samples."""
