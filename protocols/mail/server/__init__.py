"""A mail server of one's own: SMTP, POP3 and IMAP on one store, and rules that make it fail on purpose."""
