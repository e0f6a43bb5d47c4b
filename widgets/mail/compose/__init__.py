"""A mail to send: the card that writes it, and sending it."""
