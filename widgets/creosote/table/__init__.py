"""The log's table: which rows, which columns, how they are painted."""
