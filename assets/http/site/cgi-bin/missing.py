"""A CGI script that chooses the status itself."""

print("Status: 404 Not Found")
print("Content-Type: text/plain; charset=utf-8")
print()
print("This script has looked everywhere.")
