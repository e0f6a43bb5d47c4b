"""Running: the one live table of all services, with what each occupies, and how to end them."""
