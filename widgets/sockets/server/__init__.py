"""The server card: its form, its live connections, what can be done to them."""
