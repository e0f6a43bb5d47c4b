"""HTTP: requests with every byte of them, web servers, and what both say about each other."""
