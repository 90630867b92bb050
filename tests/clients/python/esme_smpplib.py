"""An ESME on smpplib, driven line by line. It decides nothing."""

import select
import warnings

# smpplib would like to be told what to do with unknown TLVs. Its default, to fail, is what its users have.
warnings.simplefilter("ignore", DeprecationWarning)

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm
import smpplib.smpp

from line import Commands, arguments, say
from text import parts_of, text_of, without_header

ADDRESSES = {
    "source_addr_ton": smpplib.consts.SMPP_TON_ALNUM,
    "source_addr_npi": smpplib.consts.SMPP_NPI_UNK,
    "dest_addr_ton": smpplib.consts.SMPP_TON_INTL,
    "dest_addr_npi": smpplib.consts.SMPP_NPI_ISDN,
}


def string(octets):
    return (octets or b"").decode("latin-1")


class Client(smpplib.client.Client):
    """Hears responses that smpplib reads and keeps to itself."""

    hear = {}

    def read_pdu(self):
        pdu = super().read_pdu()
        if pdu.command in self.hear and not pdu.is_error():
            self.hear[pdu.command](pdu)
        return pdu


class Esme:
    def __init__(self, host, port):
        self.client = Client(host, port)
        self.tags = {}
        self.client.set_message_sent_handler(self.on_submit_sm_resp)
        self.client.set_message_received_handler(self.on_deliver_sm)
        self.client.set_query_resp_handler(self.on_query_sm_resp)
        self.client.set_error_pdu_handler(self.on_error)
        self.client.hear = {
            "data_sm_resp": self.on_submit_sm_resp,
            "enquire_link_resp": lambda pdu: say("enquired"),
        }

    def bind(self, kind, system_id, password):
        self.client.connect()
        try:
            answer = getattr(self.client, f"bind_{kind}")(system_id=system_id, password=password)
        except smpplib.exceptions.PDUError as error:
            say("refused", status=error.args[1])
            self.client.disconnect()
            return False
        say("bound", system_id=string(answer.system_id))
        return True

    def submit(self, tag, source, destination, text, receipt, schedule="", latin1=False):
        parts, data_coding, esm_class = parts_of(text, latin1)
        for part in parts:
            pdu = self.client.send_message(
                source_addr=source,
                destination_addr=destination,
                short_message=part,
                data_coding=data_coding,
                esm_class=esm_class,
                registered_delivery=receipt,
                schedule_delivery_time=schedule,
                **ADDRESSES,
            )
            self.tags[pdu.sequence] = tag

    def data(self, tag, source, destination, text, receipt):
        pdu = smpplib.smpp.make_pdu(
            "data_sm",
            client=self.client,
            source_addr=source,
            destination_addr=destination,
            message_payload=smpplib.gsm.gsm_encode(text),
            data_coding=smpplib.consts.SMPP_ENCODING_DEFAULT,
            registered_delivery=receipt,
            **ADDRESSES,
        )
        self.client.send_pdu(pdu)
        self.tags[pdu.sequence] = tag

    def query(self, tag, id, source):
        pdu = self.client.query_message(
            message_id=id,
            source_addr_ton=ADDRESSES["source_addr_ton"],
            source_addr_npi=ADDRESSES["source_addr_npi"],
            source_addr=source,
        )
        self.tags[pdu.sequence] = tag

    def enquire(self):
        self.client.send_pdu(smpplib.smpp.make_pdu("enquire_link", client=self.client))

    def on_submit_sm_resp(self, pdu):
        if not pdu.is_error():
            say("submitted", tag=self.tags.pop(pdu.sequence), status=pdu.status, id=string(pdu.message_id))

    def on_query_sm_resp(self, pdu):
        if not pdu.is_error():
            facts = {"id": string(pdu.message_id), "state": pdu.message_state, "final_date": string(pdu.final_date)}
            say("queried", tag=self.tags.pop(pdu.sequence), status=pdu.status, error=pdu.error_code, **facts)

    def on_error(self, pdu):
        event = {"submit_sm_resp": "submitted", "query_sm_resp": "queried"}[pdu.command]
        say(event, tag=self.tags.pop(pdu.sequence), status=pdu.status, id="")

    def on_deliver_sm(self, pdu):
        facts = {
            "source": string(pdu.source_addr),
            "destination": string(pdu.destination_addr),
            "data_coding": pdu.data_coding,
            "esm_class": pdu.esm_class,
        }
        octets = pdu.short_message or b""
        if pdu.esm_class & 0x3C in (0x04, 0x20):
            say(
                "receipt",
                id=string(pdu.receipted_message_id),
                state=pdu.message_state,
                text=octets.decode("ascii"),
                **facts,
            )
            return smpplib.consts.SMPP_ESME_ROK
        udh, octets = without_header(octets, pdu.esm_class)
        text = text_of(octets, pdu.data_coding == smpplib.consts.SMPP_ENCODING_ISO10646)
        say("message", text=text, udh=udh.hex(), **facts)
        return smpplib.consts.SMPP_ESME_ROK

    def run(self):
        """Commands and PDUs as they come, until there are no more commands."""
        commands = Commands()
        while True:
            readable, _, _ = select.select([0, self.client._socket], [], [])
            if self.client._socket in readable:
                self.client.poll()
            if 0 in readable:
                lines = commands.read()
                if lines is None:
                    break
                for command in lines:
                    getattr(self, command.pop("do"))(**command)
        self.client.unbind()
        self.client.disconnect()
        say("unbound")


def main():
    host, port, system_id, password, kind = arguments()
    esme = Esme(host, port)
    if esme.bind(kind, system_id, password):
        esme.run()


main()
