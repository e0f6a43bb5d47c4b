"""What is tried at a click: each call step by step, failures on purpose, short experiments."""
