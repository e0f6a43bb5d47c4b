"""Mr Creosote's panel: buckets, the log of what they took, senders to try them with, and scripts."""
