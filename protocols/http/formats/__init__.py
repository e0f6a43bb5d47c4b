"""Requests in the formats of others, both ways.

Read: `detect.read_any(text or Path) -> imported.Imported` (requests with name and folder, variables, environments,
notes: sentences about what was left out). It finds out which format it is; one of them alone: `curl_read.from_curl`,
`har_read.read_har`, `postman_read.read_postman`, `http_read.read_http`, `openapi_read.read_openapi`, all
`(text) -> Imported`. What can't be read raises `imported.FormatError` (a RequestError) with a sentence.

Write: `curl_write.to_curl(request)`, `http_write.write_http([named, ..])`, `har_write.write_har([run, ..])`,
`python_write.write_python(request, flavour)` with a flavour of `python_write.FLAVOURS`; `python_write.problem(request,
flavour)` says why one can't, `python_write.script_params(request)` are the values of its Show-as-Python action.
The writers write what they are given: fill variables in with `kept.variables.Scope.fill(request)` first, hide what was
typed as a password with `kept.masking.masked(request)`.
"""
