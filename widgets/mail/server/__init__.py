"""The mail server: form, card, what it took, its users, its failures on purpose."""
