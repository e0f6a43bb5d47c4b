"""Private networks without privilege: hosts, wires and a switch in namespaces of one's own (user_namespaces(7))."""
