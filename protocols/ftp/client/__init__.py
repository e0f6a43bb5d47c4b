"""The client half of the FTP room: connections, transfers, a queue; the same over SFTP. It must not know a window."""
