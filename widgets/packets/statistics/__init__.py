"""What a capture holds, counted: conversations, endpoints, protocols, the graph, what the experts say."""
