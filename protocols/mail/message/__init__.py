"""A mail message as it lies on the wire: read without belief, shown without harm, written without surprises."""
