"""The sender: its form, its card, what became of what it sent."""
