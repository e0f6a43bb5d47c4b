"""Web servers: requests read with limits, answered by an application, on any of the lab's concurrency models."""
