"""Packets made by hand: layers stacked, every field set, sent by a child that may, answers paired."""
