"""The FTP panel: both ends, two panes with a queue, both connections, commands by hand. It must not know sockets."""
