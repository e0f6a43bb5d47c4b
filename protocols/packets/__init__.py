"""Packets: captures read, dissected, made and sent; scapy only in its helper process."""
