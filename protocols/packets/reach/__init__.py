"""Who can be reached, and by which way: ping, traceroute, ports, neighbours, with what this user may do."""
