"""The application: what a person starts, and what is put together."""
