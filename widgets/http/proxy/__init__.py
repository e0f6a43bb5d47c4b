"""The debugging proxy: its list, what is held, rules, the line made slow."""
