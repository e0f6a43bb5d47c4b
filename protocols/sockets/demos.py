"""The list of short experiments. It must not know how one runs."""

from __future__ import annotations

from typing import Final

from protocols.sockets import demos_address as address
from protocols.sockets import demos_models as models
from protocols.sockets import demos_socketserver as server
from protocols.sockets import demos_stream as stream
from protocols.sockets import demos_wait as wait
from protocols.sockets.demo import Demo

DEMOS: Final[tuple[Demo, ...]] = (
    Demo("partial-write", "Partial write", "How much of 8 MB does one send take?", stream.partial_write),
    Demo("own-sendall", "Your own sendall", "How is a short send mended?", stream.own_sendall),
    Demo("sendall", "sendall and a slow reader", "When does sendall return?", stream.sendall_slow_reader),
    Demo("two-sends", "Two sends, one recv", "Does TCP keep two sends apart?", stream.two_sends),
    Demo("two-sends-apart", "Two sends, read between", "And when the reader is quick?", stream.two_sends_apart),
    Demo("recv-size", "The size of recv", "What does the number in recv(n) mean?", stream.recv_sizes),
    Demo("reassembly", "Join the chunks", "Which way of joining chunks is fast?", stream.reassembly),
    Demo("framing", "Framing", "How are messages told apart in a stream?", stream.framing),
    Demo("makefile", "A file that forgets to flush", "Why does the file layer freeze?", stream.file_mode),
    Demo("half-close", "Half-close", "Can we end our direction only?", stream.half_close),
    Demo("nagle", "Nagle's algorithm", "How many segments do 1\u202f000 one-byte sends make?", stream.nagle),
    Demo("three-messages", "Stream and datagrams", "What becomes of three messages?", address.three_messages),
    Demo("timeout", "Time-out", "What does settimeout do?", wait.timeout),
    Demo("non-blocking", "Non-blocking", "What happens when a call would have to wait?", wait.non_blocking),
    Demo("polling", "Polling", "How often does a poller ask in vain?", wait.polling),
    Demo("default-timeout", "Default time-out", "Whom does setdefaulttimeout concern?", wait.default_timeout),
    Demo("full-queue", "A full queue", "What becomes of the 7th client of listen(5)?", wait.full_queue),
    Demo("syn-repeats", "Connect to a full queue", "How does connect give up?", wait.connect_repeats),
    Demo("connect-retry", "Connect again", "How does a client wait for its server?", wait.connect_retry),
    Demo("epoll", "Edge and level", "How often does epoll tell of the same bytes?", wait.edge_or_level),
    Demo("select-limit", "The limit of select", "Why does select() fail at descriptor 1 024?", models.select_limit),
    Demo("kqueue", "What a kqueue tells", "What does the BSD kernel say of a client?", models.kqueue_events),
    Demo("unregister", "Unregister", "Does a poller tell what it was not asked for?", wait.unregistered),
    Demo("ephemeral", "Ephemeral ports", "Which port is port 0?", address.ephemeral_ports),
    Demo("port-mapper", "A port mapper", "How is a server found whose port nobody knows?", models.port_mapper),
    Demo("time-wait", "TIME_WAIT", "Why is the address still in use?", address.time_wait),
    Demo("two-listeners", "Two servers, one port", "Can two TCP servers share a port?", address.two_listeners),
    Demo("two-udp", "Two UDP servers, one port", "Which of two UDP servers gets a datagram?",
         address.two_udp_servers),
    Demo("dual-stack", "Dual stack", "Can an IPv6 server take IPv4 clients?", address.dual_stack),
    Demo("cut-datagram", "A datagram cut", "What becomes of the rest of a datagram?", address.cut_datagram),
    Demo("broadcast", "Broadcast on loopback", "Who gets a broadcast?", address.broadcast),
    Demo("seqpacket", "Sequenced packets", "Is there a connection that keeps records?", address.record_kinds),
    Demo("socket-pair", "Socket pair", "What is a socket without an address?", address.socket_pair),
    Demo("flags", "Flags of recv", "What do the MSG_ flags do?", address.receive_flags),
    Demo("kinds", "Families and types", "Which sockets can be made here?", address.kinds),
    Demo("handler-life", "A handler's life", "How long does a request handler live?", server.handler_life),
    Demo("request-kinds", "self.request", "What does a request handler get?", server.request_kinds),
    Demo("factory", "A function as handler", "Must a handler be a class?", server.factory),
    Demo("mix-in", "The order of mix-ins", "Why does ThreadingMixIn come first?", server.mix_in_order),
    Demo("slow-handlers", "Slow handlers", "What do threads gain for slow handlers?", server.slow_handlers),
    Demo("shutdown", "Stop a socketserver", "How does a server that serves for ever end?", server.stop_from_outside),
)  # fmt: skip


def demo(id: str) -> Demo:
    """The experiment of that id. Raises KeyError."""
    for entry in DEMOS:
        if entry.id == id:
            return entry
    raise KeyError(id)
