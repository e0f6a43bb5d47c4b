"""The web servers: form, card, what each served; the ladder and programs of one's own."""
