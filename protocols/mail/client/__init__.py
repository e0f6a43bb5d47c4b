"""Clients for SMTP, POP3 and IMAP: Python's own libraries over a wire of the lab's."""
