"""Packets and what the lab recorded of the same traffic, joined both ways: by both addresses, bytes and time."""
