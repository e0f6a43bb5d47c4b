"""Which options curl has that mean nothing for a request here, and which of them take a value.

From `curl --help all` of 7.88 and the newer ones up to 8.17. It must not know what the others mean.
"""

from __future__ import annotations

from typing import Final

QUIET: Final = frozenset((
    "silent", "show-error", "verbose", "include", "globoff", "path-as-is", "no-buffer", "buffer", "progress-bar",
    "fail", "fail-with-body", "fail-early", "tcp-nodelay", "no-progress-meter", "progress-meter", "disable",
    "styled-output", "no-styled-output", "raw", "xattr", "remote-time", "remote-name", "remote-name-all",
    "remote-header-name", "create-dirs", "no-clobber", "clobber", "remove-on-error", "trace-time", "trace-ids",
    "suppress-connect-headers", "use-ascii", "no-keepalive", "keepalive", "compressed-ssh", "parallel",
    "parallel-immediate", "no-sessionid", "sessionid", "tcp-fastopen",
    "manual", "proxy-basic", "no-npn", "npn", "metalink", "skip-existing",
    "out-null",
))  # fmt: skip
"""They change what is shown or kept, not what is asked for."""

QUIET_VALUES: Final = frozenset((
    "output", "write-out", "dump-header", "trace", "trace-ascii", "trace-config", "stderr", "output-dir",
    "create-file-mode", "libcurl", "proto", "proto-redir", "parallel-max", "parallel-max-host", "keepalive-time",
    "keepalive-cnt", "expect100-timeout", "happy-eyeballs-timeout-ms", "proto-default",
))  # fmt: skip
"""The same, with a value."""

WITH_VALUE: Final = frozenset((
    "abstract-unix-socket", "alt-svc", "aws-sigv4", "capath", "cert-type", "ciphers", "config", "continue-at",
    "cookie-jar", "crlfile", "curves", "delegation", "dns-interface", "dns-ipv4-addr", "dns-ipv6-addr",
    "dns-servers", "doh-url", "ech", "egd-file", "engine", "etag-compare", "etag-save", "ftp-account",
    "ftp-alternative-to-user", "ftp-method", "ftp-port", "ftp-ssl-ccc-mode", "haproxy-clientip", "help",
    "hostpubmd5", "hostpubsha256", "hsts", "interface", "ip-tos", "ipfs-gateway", "key-type", "krb", "limit-rate",
    "local-port", "login-options", "mail-auth", "mail-from", "mail-rcpt", "noproxy", "pinnedpubkey", "preproxy",
    "proxy-cacert", "proxy-capath", "proxy-cert", "proxy-cert-type", "proxy-ciphers", "proxy-crlfile",
    "proxy-header", "proxy-key", "proxy-key-type", "proxy-pass", "proxy-pinnedpubkey", "proxy-service-name",
    "proxy-tls13-ciphers", "proxy-tlsauthtype", "proxy-tlspassword", "proxy-tlsuser", "pubkey", "quote",
    "random-file", "rate", "retry", "retry-delay", "retry-max-time", "sasl-authzid", "service-name", "sigalgs",
    "socks5-gssapi-service", "speed-limit", "speed-time", "telnet-option", "tftp-blksize", "time-cond", "tls-max",
    "tls13-ciphers", "tlsauthtype", "tlspassword", "tlsuser", "unix-socket", "upload-flags", "variable",
    "vlan-priority",
))  # fmt: skip
"""What they say has no place in a request here, and a value follows."""

ALONE: Final = frozenset((
    "anyauth", "append", "ca-native", "cert-status", "crlf", "disable-eprt", "disable-epsv",
    "disallow-username-in-url", "doh-cert-status", "doh-insecure", "dump-ca-embed", "false-start", "form-escape",
    "ftp-create-dirs", "ftp-pasv", "ftp-pret", "ftp-skip-pasv-ip", "ftp-ssl-ccc", "ftp-ssl-control",
    "haproxy-protocol", "ignore-content-length", "ipv4", "ipv6", "junk-session-cookies", "list-only",
    "mail-rcpt-allowfails", "mptcp", "negotiate", "next", "no-alpn", "ntlm-wb", "post301", "post302", "post303",
    "proxy-anyauth", "proxy-ca-native", "proxy-http2", "proxy-insecure", "proxy-negotiate", "proxy-ntlm",
    "proxy-ssl-allow-beast", "proxy-ssl-auto-client-cert", "proxy-tlsv1", "proxytunnel", "retry-all-errors",
    "retry-connrefused", "sasl-ir", "socks5-basic", "socks5-gssapi", "socks5-gssapi-nec", "ssl",
    "ssl-allow-beast", "ssl-auto-client-cert", "ssl-no-revoke", "ssl-reqd", "ssl-revoke-best-effort", "sslv2",
    "sslv3", "tftp-no-options", "tls-earlydata", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "version",
))  # fmt: skip
"""They take no value and have no place in a request here."""

LETTERS: Final = {
    "0": "http1.0", "1": "tlsv1", "2": "sslv2", "3": "sslv3", "4": "ipv4", "6": "ipv6", ":": "next",
    "#": "progress-bar",
    "A": "user-agent", "B": "use-ascii", "C": "continue-at", "D": "dump-header", "E": "cert", "F": "form",
    "G": "get", "H": "header", "I": "head", "J": "remote-header-name", "K": "config", "L": "location", "M": "manual",
    "N": "no-buffer", "O": "remote-name", "P": "ftp-port", "Q": "quote", "R": "remote-time", "S": "show-error",
    "T": "upload-file", "U": "proxy-user", "V": "version", "X": "request", "Y": "speed-limit", "Z": "parallel",
    "a": "append", "b": "cookie", "c": "cookie-jar", "d": "data", "e": "referer", "f": "fail", "g": "globoff",
    "h": "help", "i": "include", "j": "junk-session-cookies", "k": "insecure", "l": "list-only", "m": "max-time",
    "n": "netrc", "o": "output", "p": "proxytunnel", "q": "disable", "r": "range", "s": "silent", "t": "telnet-option",
    "u": "user", "v": "verbose", "w": "write-out", "x": "proxy", "y": "speed-time", "z": "time-cond",
}  # fmt: skip
