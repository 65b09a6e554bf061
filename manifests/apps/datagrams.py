"""Answers every datagram with who it is, in the form of the echo backend's ``X-Echo-Backend``; run as ``python3 datagrams.py PORT``."""

import os
import socket
import sys

IDENTITY = "/".join(os.environ.get(name, "") for name in ("NAMESPACE", "SERVICE", "POD", "NODE", "NONCE"))


def main() -> None:
    """Listen on every address of both families until the process is ended."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        datagrams.bind(("::", int(sys.argv[1])))
        while True:
            _, sender = datagrams.recvfrom(65536)
            datagrams.sendto(IDENTITY.encode(), sender)


if __name__ == "__main__":
    main()
