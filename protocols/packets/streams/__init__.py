"""What belongs together in a capture: conversations, endpoints, protocols, streams of bytes, and what is odd."""
