"""Mail and news: servers on one store, clients, and what they said to each other."""
