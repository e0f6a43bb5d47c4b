"""Capture files: pcap and pcapng, mapped and indexed; millions of packets without an object for each."""
