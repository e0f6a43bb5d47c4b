"""The inspector: the bytes, the call and the reason behind the selected event."""
