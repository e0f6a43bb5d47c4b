"""The concurrency models a server can run in. They take a handler and a recorder and know no protocol."""
