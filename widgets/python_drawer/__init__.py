"""The Python drawer: the complete script for what was just done."""
