"""Icons, fonts, script templates and texts: data, no code paths."""
