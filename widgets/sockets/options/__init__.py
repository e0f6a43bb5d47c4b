"""The options of a live socket, and every constant there is."""
