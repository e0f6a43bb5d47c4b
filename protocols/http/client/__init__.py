"""The client: one request or a series by libcurl, its redirects, cookies and keys, and the bytes as they went."""
