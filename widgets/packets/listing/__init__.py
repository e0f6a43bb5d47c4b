"""The list of packets: the capture behind it, columns, colours, filter, order, streams, what is saved."""
