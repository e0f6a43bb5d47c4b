"""The protocols by hand: a session typed line by line, and commands held before they leave."""
