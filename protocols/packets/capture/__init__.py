"""Capturing from an interface: by dumpcap, or by a child of our own that has the privilege this process never has."""
