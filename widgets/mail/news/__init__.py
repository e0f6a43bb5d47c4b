"""News: groups, articles, and a small server of one's own."""
