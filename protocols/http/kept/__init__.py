"""What is kept in files: collections, environments, history; secrets masked.

`collection.Collection` is a folder of `.http` files, `environment.Environments` the values of `{{names}}`,
`history.History` what was sent.
"""
