"""FTP: client and server, with both connections of a transfer."""
