"""What one exchange is made of, wherever it is shown: what was sent, its hops, phases and bytes."""
