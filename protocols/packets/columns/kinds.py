"""The protocols that a packet list names: numbers for columns, words for people, and the ports that tell them.

Ports are those of the IANA registry for what the lab meets. It must not know how packets are decoded.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

KINDS: Final = (
    "", "Ethernet", "802.2", "ARP", "RARP", "IPv4", "IPv6", "ICMP", "ICMPv6", "IGMP", "TCP", "UDP", "SCTP", "UDP-Lite",
    "DCCP", "GRE", "ESP", "AH", "OSPF", "PIM", "VRRP", "EIGRP", "L2TP", "RSVP", "802.11", "PPP", "PPPoE", "MPLS",
    "VLAN", "LLDP", "EAPOL", "STP", "DNS", "MDNS", "LLMNR", "DHCP", "DHCPv6", "NTP", "TFTP", "SNMP", "SYSLOG", "NBNS",
    "SSDP", "RIP", "RADIUS", "ISAKMP", "QUIC", "VXLAN", "GENEVE", "GTP", "SIP", "CREOSOTE", "HTTP", "TLS", "SSH",
    "FTP", "FTP-DATA", "TELNET", "SMTP", "POP", "IMAP", "NNTP", "BGP", "LDAP", "SMB", "MySQL", "PGSQL", "Redis",
    "MQTT", "IRC", "RTSP", "Modbus/TCP", "WireGuard", "HOMEPLUG", "CDP", "LACP", "PTP", "BOOTP", "ECHO", "DAYTIME",
    "TIME", "FINGER", "WHOIS", "MPLS-IP", "IPIP", "NDP", "BAD",
)  # fmt: skip
NUMBER: Final = {name: number for number, name in enumerate(KINDS)}
_UDP: Final = {
    "DNS": (53,), "MDNS": (5353,), "LLMNR": (5355,), "DHCP": (67, 68), "DHCPv6": (546, 547), "NTP": (123,),
    "TFTP": (69,), "SNMP": (161, 162), "SYSLOG": (514,), "NBNS": (137,), "SSDP": (1900,), "RIP": (520,),
    "RADIUS": (1812, 1813), "ISAKMP": (500, 4500), "QUIC": (443,), "VXLAN": (4789,), "GENEVE": (6081,),
    "GTP": (2152, 2123), "SIP": (5060,), "CREOSOTE": (7739,), "PTP": (319, 320), "L2TP": (1701,), "ECHO": (7,),
    "DAYTIME": (13,), "TIME": (37,), "WireGuard": (51820,),
}  # fmt: skip
_TCP: Final = {
    "DNS": (53,), "SSH": (22,), "FTP": (21,), "FTP-DATA": (20,), "TELNET": (23,), "SMTP": (25, 587), "POP": (110,),
    "IMAP": (143,), "NNTP": (119,), "BGP": (179,), "LDAP": (389,), "SMB": (445,), "MySQL": (3306,), "PGSQL": (5432,),
    "Redis": (6379,), "MQTT": (1883,), "IRC": (6667, 194), "RTSP": (554,), "SIP": (5060,), "Modbus/TCP": (502,),
    "ECHO": (7,), "DAYTIME": (13,), "TIME": (37,), "FINGER": (79,), "WHOIS": (43,),
}  # fmt: skip
IP_PROTOCOLS: Final = {
    1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 33: "DCCP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 88: "EIGRP",
    89: "OSPF", 103: "PIM", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite", 46: "RSVP",
}  # fmt: skip
ETHER_TYPES: Final = {
    0x0806: "ARP", 0x8035: "RARP", 0x88CC: "LLDP", 0x888E: "EAPOL", 0x8863: "PPPoE", 0x8864: "PPPoE", 0x8847: "MPLS",
    0x8848: "MPLS", 0x8809: "LACP", 0x88F7: "PTP", 0x8100: "VLAN", 0x88A8: "VLAN", 0x0800: "IPv4", 0x86DD: "IPv6",
}  # fmt: skip
WITH_PORTS: Final = (6, 17, 132, 136, 33)


def _by_port(table: dict[str, tuple[int, ...]]) -> npt.NDArray[np.uint8]:
    made = np.zeros(65536, np.uint8)
    for name, ports in table.items():
        made[list(ports)] = NUMBER[name]
    return made


def _by_number(table: dict[int, str], size: int, default: str) -> npt.NDArray[np.uint8]:
    made = np.full(size, NUMBER[default], np.uint8)
    for number, name in table.items():
        made[number] = NUMBER[name]
    return made


TCP_PORTS: Final = _by_port(_TCP)
UDP_PORTS: Final = _by_port(_UDP)
BY_PROTOCOL: Final = _by_number(IP_PROTOCOLS, 256, "")
