"""An ESME on aiosmpplib, driven line by line. It decides nothing; the library joins long messages itself."""

import asyncio
from datetime import timedelta

import aiosmpplib
from aiosmpplib.log import CRITICAL
from aiosmpplib.protocol import DeliverSm, EnquireLink, EnquireLinkResp, SubmitSm, SubmitSmResp
from aiosmpplib.state import MESSAGE_STATE, NPI, RECEIPTED_MESSAGE_ID, TON, BindMode, PhoneNumber

from line import arguments, obey, say


def parameter(pdu, tag):
    return next((parameter.value for parameter in pdu.optional_params if parameter.tag == tag), None)


class Ear(aiosmpplib.AbstractHook):
    """Hears what the library has understood."""

    def __init__(self):
        self.bound = asyncio.Event()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def send_error(self, smpp_message, error, client_id):
        say("failed", why=repr(error))

    async def received(self, smpp_message, pdu, client_id):
        # None: a part, of which the library makes a message when it has them all.
        if isinstance(smpp_message, DeliverSm):
            self.deliver_sm(smpp_message)
        elif isinstance(smpp_message, SubmitSmResp):
            status = smpp_message.command_status.value
            say("submitted", tag=smpp_message.log_id, status=status, id=smpp_message.message_id)
        elif isinstance(smpp_message, EnquireLinkResp):
            say("enquired")
        elif hasattr(smpp_message, "sc_interface_version"):
            if status := smpp_message.command_status.value:
                # And the library tries again, and again.
                say("refused", status=status)
            else:
                say("bound", system_id=smpp_message.system_id, version=smpp_message.sc_interface_version)

    def deliver_sm(self, pdu):
        facts = {
            "source": pdu.source.number,
            "destination": pdu.destination.number,
            "data_coding": 8 if pdu.encoding == "ucs2" else 0,
            "esm_class": pdu.esm_class,
        }
        if pdu.is_receipt():
            parsed = {name: str(value) for name, value in pdu.parse_receipt().items()}
            say(
                "receipt",
                id=parameter(pdu, RECEIPTED_MESSAGE_ID),
                state=parameter(pdu, MESSAGE_STATE),
                text=pdu.short_message,
                parsed=parsed,
                # The submit_sm that the library itself has found for it.
                tag=pdu.log_id,
                **facts,
            )
        else:
            say("message", text=pdu.short_message or pdu.message_payload, udh="", **facts)


class Esme:
    def __init__(self, host, port, system_id, password, kind):
        self.ear = Ear()
        self.client = aiosmpplib.ESME(
            smsc_host=host,
            smsc_port=port,
            system_id=system_id,
            password=password,
            bind_mode=BindMode[kind.upper()],
            hook=self.ear,
            log_level=CRITICAL,
        )

    async def submit(self, tag, source, destination, text, receipt, schedule=0, parts=False, latin1=False):
        await self.client.broker.enqueue(
            SubmitSm(
                short_message=text,
                source=PhoneNumber(source, TON.ALPHANUMERIC, NPI.UNKNOWN),
                destination=PhoneNumber(destination, TON.INTERNATIONAL, NPI.ISDN),
                esm_class=0x40 if parts else 0,
                auto_message_payload=not parts,
                encoding="latin_1" if latin1 else None,
                registered_delivery=1 if receipt else 0,
                schedule_delivery_time=timedelta(seconds=schedule) if schedule else None,
                log_id=tag,
            )
        )

    async def enquire(self):
        await self.client.broker.enqueue(EnquireLink())


async def main():
    esme = Esme(*arguments())
    running = asyncio.create_task(esme.client.start())
    await obey(esme)
    # Says unbind and hangs up; the library does not wait for the response.
    await esme.client.stop()
    await running
    say("unbound")


asyncio.run(main())
