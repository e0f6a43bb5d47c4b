"""The buckets: form, card, numbers, graph, who writes to one."""
