"""The socket bench: servers, clients, experiments and failures over TCP, UDP and UNIX sockets."""
