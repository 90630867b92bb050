"""What the Python ESMEs have in common: commands and events are JSON, one a line.

A scenario says what to do on standard input and judges what came of it on standard output. Nothing here speaks SMPP.
"""

import asyncio
import json
import os
import sys


def say(event, **facts):
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def arguments():
    """Where to bind and as whom: host, port, system_id, password, and the kind of bind."""
    host, port, system_id, password, kind = sys.argv[1:]
    return host, int(port), system_id, password, kind


class Commands:
    """Lines of standard input, put together from what could be read."""

    def __init__(self):
        self.rest = b""

    def read(self):
        """The commands that came; none when there will be no more."""
        octets = os.read(0, 65536)
        if not octets:
            return None
        *lines, self.rest = (self.rest + octets).split(b"\n")
        return [json.loads(line) for line in lines]


async def obey(client):
    """Calls the method of `client` that a command names, with the command's other words, until there are no more commands."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        await getattr(client, command.pop("do"))(**command)
