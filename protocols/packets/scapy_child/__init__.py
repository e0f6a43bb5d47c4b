"""scapy, in a child process of its own: nowhere else in the lab is it imported (GPL-2.0-only, slow to load)."""
