"""A mail, read: text, harmless HTML, headers, parts, raw source."""
