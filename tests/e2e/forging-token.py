#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: forging-token.py SIGNET-TOKEN FLAG [OPTION...]

The real signet-token with somebody between it and its parent, who changes the
signature of every challenge as long as the file FLAG exists."""

import os
import select
import socket
import subprocess
import sys

PARENT_FD = 3     # where a token process finds its parent
PROBE_SIGN = 15   # second octet of a frame
FRAME_MAX = 65536


def forged(message, flag):
    is_signature = message[1] == PROBE_SIGN and message[2:4] == b"\0\0"
    if not is_signature or not os.path.exists(flag):
        return message
    return message[:-1] + bytes([message[-1] ^ 1])


def relay(parent, token, flag):
    while True:
        for end in select.select([parent, token], [], [])[0]:
            message = end.recv(FRAME_MAX)
            if message == b"":
                return
            if end is token:
                parent.send(forged(message, flag))
            else:
                token.send(message)


def main():
    program, flag = sys.argv[1:3]
    parent = socket.socket(fileno=os.dup(PARENT_FD))
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.dup2(its.fileno(), PARENT_FD)
    its.close()
    child = subprocess.Popen([program, *sys.argv[3:]], pass_fds=[PARENT_FD])
    os.close(PARENT_FD)
    try:
        relay(parent, ours, flag)
    except OSError:
        pass
    parent.close()
    ours.close()
    sys.exit(child.wait() & 0x7f)


main()
