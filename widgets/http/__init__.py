"""The panel of the web: requests, their answers, and the servers that gave them, in one window."""
