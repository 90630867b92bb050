"""An ESME on rusmppyc, driven line by line. It decides nothing; the library speaks SMPP 5.0, as it does unless told otherwise."""

import asyncio
import os

from rusmppyc import Client
from rusmppyc.exceptions import ShortMessageMultipartException, UnexpectedResponseException
from rusmppyc.rusmppyc import (
    DataCoding,
    Encoder,
    Event,
    Gsm7BitUnpacked,
    Latin1,
    MCDeliveryReceipt,
    Npi,
    Pdu,
    RegisteredDelivery,
    TlvValue,
    Ton,
    Ucs2,
)

from line import arguments, obey, say
from text import text_of, without_header

RECEIPT = RegisteredDelivery(
    mc_delivery_receipt=MCDeliveryReceipt.McDeliveryReceiptRequestedWhereFinalDeliveryOutcomeIsSuccessOrFailure()
)
# What the library has in words is said in the specification's numbers.
STATES = ["Scheduled", "Enroute", "Delivered", "Expired", "Deleted", "Undeliverable", "Accepted", "Unknown", "Rejected"]
KINDS = {
    "Default": 0x00,
    "ShortMessageContainsMCDeliveryReceipt": 0x04,
    "ShortMessageContainsIntermediateDeliveryNotification": 0x20,
}
FEATURES = {"NotSelected": 0x00, "UdhiIndicator": 0x40}
ENQUIRE_MS = 200


def string(octets):
    return bytes(octets).rstrip(b"\0").decode("latin-1")


class Esme:
    async def bind(self, host, port, system_id, password, kind):
        # enquire_link goes out by itself, and a response that does not come ends the connection.
        self.client, self.events = await Client.connect(f"smpp://{host}:{port}", enquire_link_interval=ENQUIRE_MS)
        try:
            answer = await getattr(self.client, f"bind_{kind}")(system_id=system_id, password=password)
        except UnexpectedResponseException as error:
            say("refused", status=0x0D if "status: EsmeRbindfail" in str(error) else str(error))
            return False
        say("bound", system_id=string(answer.system_id), version=repr(answer.sc_interface_version.value._0))
        self.listening = asyncio.create_task(self.listen())
        self.reference = 0
        return True

    async def listen(self):
        async for event in self.events:
            command = event._0
            if repr(command) == "ConnectionClosedByPeer":
                return
            if isinstance(event, Event.Incoming) and isinstance(command.pdu, Pdu.DeliverSm):
                self.deliver_sm(command.pdu._0)
                await self.client.deliver_sm_resp(command.sequence_number)
            else:
                say("failed", why=repr(command))

    def deliver_sm(self, pdu):
        kind, features = pdu.esm_class.message_type, pdu.esm_class.gsm_features
        facts = {
            "source": string(pdu.source_addr),
            "destination": string(pdu.destination_addr),
            "data_coding": 8 if isinstance(pdu.data_coding, DataCoding.Ucs2) else 0,
            "esm_class": KINDS[repr(kind)] | FEATURES[repr(features)],
        }
        octets, values = bytes(pdu.short_message), [tlv.value for tlv in pdu.tlvs]
        if facts["esm_class"] & 0x3C:
            (id,) = [string(value._0) for value in values if isinstance(value, TlvValue.ReceiptedMessageId)]
            (state,) = [STATES.index(repr(value._0)) for value in values if isinstance(value, TlvValue.MessageState)]
            say("receipt", id=id, state=state, text=octets.decode("ascii"), **facts)
            return
        udh, octets = without_header(octets, facts["esm_class"])
        say("message", text=text_of(octets, facts["data_coding"] == 8), udh=udh.hex(), **facts)

    async def submit(self, tag, source, destination, text, receipt, schedule="", latin1=False):
        fields = {
            "source_addr_ton": Ton.Alphanumeric(),
            "source_addr": source,
            "dest_addr_ton": Ton.International(),
            "dest_addr_npi": Npi.Isdn(),
            "destination_addr": destination,
            "schedule_delivery_time": schedule,
            "registered_delivery": RECEIPT if receipt else RegisteredDelivery.default(),
        }
        try:
            encoder = Encoder.Latin1(Latin1.default()) if latin1 else Encoder.Gsm7BitUnpacked(Gsm7BitUnpacked.default())
            parts = self.parts(text, encoder, fields)
        except ShortMessageMultipartException:
            parts = self.parts(text, Encoder.Ucs2(Ucs2.default()), fields)
        for part in parts:
            answer = await self.client.submit_sm(part)
            say("submitted", tag=tag, status=0, id=string(answer.message_id))

    async def enquire(self):
        # The library's own: by now one was due, and none has failed.
        await asyncio.sleep(3 * ENQUIRE_MS / 1000)
        if self.client.is_active():
            say("enquired")

    def parts(self, text, encoder, fields):
        self.reference += 1
        size = 160 if isinstance(encoder, Encoder.Gsm7BitUnpacked) else 140
        return Client.submit_sm_multipart(
            short_message=text, max_short_message_size=size, reference=self.reference, encoder=encoder, **fields
        )


async def main():
    esme = Esme()
    if not await esme.bind(*arguments()):
        return
    await obey(esme)
    await esme.client.unbind()
    say("unbound")
    # Its stream of events ends with the connection, which is the gateway's to end.
    await esme.listening


asyncio.run(main())
# The library's threads outlive the interpreter, and sometimes crash in what is left of it.
os._exit(0)
