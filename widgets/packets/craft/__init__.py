"""Packets made by hand: layers, fields, sending, answers."""
