"""Everything that touches the network, complete without a window.

A script or a notebook can use this package alone. It must not know Qt: neither
PySide6 nor `widgets` is imported anywhere below here.
"""
