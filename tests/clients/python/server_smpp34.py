"""A server on the PyPI package smpp34: takes every bind and answers every submit_sm, and nothing else."""

import asyncio
import itertools
import sys

import smpp34


async def serve(port):
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    for number in itertools.count():
        event = await server.next()
        if isinstance(event, smpp34.SubmitSmEvent):
            event.accept(str(number))


asyncio.run(serve(int(sys.argv[1])))
