"""Many requests at once, and the chart of what each took."""
