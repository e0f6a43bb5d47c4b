"""How the lab sees: events, the recorder, the store, traced sockets, TCP states."""
