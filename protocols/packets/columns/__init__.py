"""Columns: what stands in a packet list, decoded for many packets at once."""
