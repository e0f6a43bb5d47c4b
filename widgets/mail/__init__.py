"""The mail room's widgets."""
