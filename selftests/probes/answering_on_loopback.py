"""Run as a program: asks on loopback by the wire program, with answerers of its own there; prints what the wire program prints.

``python3 answering_on_loopback.py arp|ndp ADDRESS ANSWERERS``, in a process that may open packet sockets.
"""

import fcntl
import socket
import struct
import sys
import threading
from ipaddress import ip_address

from harness.probes.wire_program import commands
from harness.probes.wire_program.frames import ADVERTISEMENT, ARP, ARP_REPLY, ARP_REQUEST, ICMPV6_AT, PROTOCOLS, SOLICITATION, Address

LOOPBACK, UP_AND_RUNNING, SET_FLAGS = b"lo", 0x41, 0x8914


def bring_up() -> None:
    """Loopback of a fresh network namespace is down."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", LOOPBACK, UP_AND_RUNNING))


def arp_reply(request: bytes, target: Address, mac: bytes) -> bytes | None:
    hardware, protocol, _, _, operation, their_mac, their_ip, _, asked = ARP.unpack_from(request, 14)
    if operation != ARP_REQUEST or asked != target.packed:
        return None
    packet = ARP.pack(hardware, protocol, 6, 4, ARP_REPLY, mac, asked, their_mac, their_ip)
    return b"".join([their_mac, mac, request[12:14], packet])


def advertisement(request: bytes, target: Address, mac: bytes) -> bytes | None:
    if len(request) < ICMPV6_AT + 24 or request[ICMPV6_AT] != SOLICITATION or request[ICMPV6_AT + 8 : ICMPV6_AT + 24] != target.packed:
        return None
    message = bytes([ADVERTISEMENT]) + bytes(3) + b"\x60" + bytes(3) + target.packed + b"\x02\x01" + mac
    return request[6:12] + mac + request[12:22] + target.packed + request[22:38] + message


def answer(wire: socket.socket, target: Address, mac: bytes) -> None:
    build = arp_reply if target.version == 4 else advertisement
    while True:
        reply = build(wire.recv(65536), target, mac)
        if reply:
            wire.send(reply)


def main() -> None:
    protocol, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    bring_up()
    for number in range(count):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        wire.bind((LOOPBACK.decode(), PROTOCOLS[protocol].ethertype))
        threading.Thread(target=answer, args=(wire, ip_address(address), b"\x02" + bytes(4) + bytes([number])), daemon=True).start()
    sys.argv = ["wire_program", protocol, address, "--count=2", "--interval=0.1", f"--timeout={1 if count else 0.1}", "--interface=lo"]
    commands.main()


if __name__ == "__main__":
    main()
