"""The socket bench's panel: clients and servers side by side. It looks; it opens no socket itself."""
