"""Listings: MLSD's facts, and LIST in every dialect met in the wild. A machine for lines; it must not know sockets."""
