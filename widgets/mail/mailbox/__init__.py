"""A mailbox by IMAP or POP3: folders, the list, what can be done to its mails."""
