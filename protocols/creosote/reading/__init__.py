"""What a datagram's bytes seem to say: formats recognised, never executed. Pure functions, no sockets."""
