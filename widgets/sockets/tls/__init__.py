"""TLS: good and broken certificates, who trusts whom, and the lab's authority as files."""
