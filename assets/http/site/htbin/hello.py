"""The shortest CGI script: a header, a blank line, the content. /htbin is the other folder for scripts."""

print("Content-Type: text/plain")
print()
print("Hello from htbin")
