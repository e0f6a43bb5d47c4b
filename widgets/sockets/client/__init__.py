"""The client card: its form, its conversation, what it sends."""
