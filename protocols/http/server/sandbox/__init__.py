"""The sandbox: a site to try things on, every page of which explains itself."""
