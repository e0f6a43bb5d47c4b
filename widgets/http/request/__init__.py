"""The request builder: address, parameters, headers, body, sign-in, options."""
