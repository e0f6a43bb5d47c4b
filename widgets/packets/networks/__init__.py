"""Private networks drawn, and what runs on their hosts."""
