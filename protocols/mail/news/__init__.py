"""News (NNTP, RFC 3977): a small server with a few groups, and a client."""
