"""Qt: the parts that panels share and one room per panel. No sockets, no threads."""
