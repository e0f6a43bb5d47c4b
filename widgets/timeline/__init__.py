"""The time line: every event as a table and as a ladder."""
