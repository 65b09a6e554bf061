"""The neighbour table of the kernel, read by netlink (https://www.man7.org/linux/man-pages/man7/rtnetlink.7.html)."""

import socket
import struct
from collections.abc import Iterator

from harness.probes.wire_program.frames import Address

#: RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, NDA_DST, NDA_LLADDR, and the states in which an entry has no usable MAC (incomplete, failed).
GET_NEIGHBOURS, DUMP, DESTINATION, LINK_LAYER, UNUSABLE = 30, 0x301, 1, 2, 0x01 | 0x20


def cached(target: Address) -> str | None:
    """The MAC that the kernel's neighbour table has for ``target``; looking sends nothing."""
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as table:
        table.settimeout(2)
        table.send(struct.pack("=IHHII", 28, GET_NEIGHBOURS, DUMP, 1, 0) + struct.pack("=B11x", family))
        found = None
        while not (batch := neighbours(table.recv(65536), target))[1]:
            found = found or batch[0]
        return found or batch[0]


def neighbours(data: bytes, target: Address) -> tuple[str | None, bool]:
    """The MAC of ``target`` in one batch of the table, and whether it was the last one."""
    found = None
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind in (2, 3):  # an error, or the end
            return found, True
        state = struct.unpack_from("=H", data, 16 + 8)[0]
        attributes = dict(netlink_attributes(data[28:length]))
        if attributes.get(DESTINATION) == target.packed and not state & UNUSABLE:
            found = attributes.get(LINK_LAYER, b"").hex(":") or None
        data = data[(length + 3) & ~3 :]
    return found, False


def netlink_attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a netlink message: kind and value."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[max((length + 3) & ~3, 4) :]
