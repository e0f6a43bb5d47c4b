"""Ping, traceroute, port check, neighbours."""
