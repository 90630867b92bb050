"""An ESME on smpp34, driven line by line. It decides nothing; the library leaves texts and receipts to its user."""

import asyncio
import os

import smpp34

from line import arguments, obey, say
from text import parts_of, text_of, without_header

KINDS = {"transceiver": "TRX", "transmitter": "TX", "receiver": "RX"}


class Esme:
    def __init__(self, host, port, system_id, password, kind):
        self.client = smpp34.Client(host, port, system_id, password, bind_type=KINDS[kind])

    async def bind(self):
        self.session = await self.client.connect()
        say("bound", system_id=self.session.system_id)
        self.listening = asyncio.create_task(self.listen())

    async def listen(self):
        while not isinstance(event := await self.session.next(), smpp34.Disconnected):
            self.deliver_sm(event)

    def deliver_sm(self, pdu):
        facts = {
            "source": pdu.source_addr,
            "destination": pdu.destination_addr,
            "data_coding": pdu.data_coding,
            "esm_class": pdu.esm_class,
        }
        octets, tlvs = pdu.short_message, {tlv.tag: tlv for tlv in pdu.tlvs}
        if pdu.esm_class & 0x3C in (0x04, 0x20):
            say(
                "receipt",
                id=tlvs[smpp34.TLV_RECEIPTED_MESSAGE_ID].as_string(),
                state=tlvs[smpp34.TLV_MESSAGE_STATE].as_int(),
                text=octets.decode("ascii"),
                **facts,
            )
            return
        udh, octets = without_header(octets, pdu.esm_class)
        say("message", text=text_of(octets, pdu.data_coding == 8), udh=udh.hex(), **facts)

    async def submit(self, tag, source, destination, text, receipt, schedule="", latin1=False):
        parts, data_coding, esm_class = parts_of(text, latin1)
        for part in parts:
            answer = await self.session.submit_sm(
                destination,
                part,
                source_addr=source,
                source_addr_ton=5,
                source_addr_npi=0,
                dest_addr_ton=1,
                dest_addr_npi=1,
                esm_class=esm_class,
                registered_delivery=1 if receipt else 0,
                data_coding=data_coding,
                schedule_delivery_time=schedule,
            )
            say("submitted", tag=tag, status=answer.command_status, id=answer.message_id or "")

    async def enquire(self):
        # The library's own, which it sends and waits for by itself.
        if await self.client.is_alive():
            say("enquired")


async def main():
    esme = Esme(*arguments())
    await esme.bind()
    await obey(esme)
    await esme.session.unbind()
    await esme.listening
    say("unbound")


asyncio.run(main())
# The library's threads outlive the interpreter, and sometimes crash in what is left of it.
os._exit(0)
