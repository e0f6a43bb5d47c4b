"""The chosen packet: its tree, its bytes, the picture of its layers."""
