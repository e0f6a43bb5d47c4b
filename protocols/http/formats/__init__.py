"""Requests in the formats of others: read a curl command, HAR, Postman, `.http` or OpenAPI; write them, and Python."""
