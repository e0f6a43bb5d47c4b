"""Filters: capture filters (BPF) run over mapped files, and the display filter over columns, fields and text."""
