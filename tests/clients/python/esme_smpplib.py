"""An ESME on smpplib, driven line by line.

Reads one JSON command a line from standard input and writes one JSON event a line to standard output, so that a scenario
says what to do and judges what came of it. Ends when standard input does, after an unbind. It decides nothing.
"""

import json
import os
import select
import sys
import warnings

# smpplib would like to be told what to do with unknown TLVs. Its default, to fail, is what its users have.
warnings.simplefilter("ignore", DeprecationWarning)

import smpplib.client
import smpplib.consts
import smpplib.gsm


def say(event, **facts):
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def text_of(octets, data_coding):
    if data_coding == smpplib.consts.SMPP_ENCODING_ISO10646:
        return octets.decode("utf-16-be")
    table = smpplib.gsm.GSM_CHARACTER_TABLE
    text, escaped = [], False
    for octet in octets:
        if octet == 0x1B:
            escaped = True
            continue
        text.append(table[octet + 0x80 if escaped else octet])
        escaped = False
    return "".join(text)


def string(octets):
    return (octets or b"").decode("latin-1")


class Esme:
    def __init__(self, host, port):
        self.client = smpplib.client.Client(host, port)
        self.tags = {}
        self.client.set_message_sent_handler(self.on_submit_sm_resp)
        self.client.set_message_received_handler(self.on_deliver_sm)
        self.client.set_error_pdu_handler(self.on_error)

    def bind(self, system_id, password):
        self.client.connect()
        answer = self.client.bind_transceiver(system_id=system_id, password=password)
        say("bound", system_id=string(answer.system_id))

    def submit(self, tag, source, destination, text, receipt):
        parts, data_coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            pdu = self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr_npi=smpplib.consts.SMPP_NPI_UNK,
                source_addr=source,
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=destination,
                short_message=part,
                data_coding=data_coding,
                esm_class=esm_class,
                registered_delivery=receipt,
            )
            self.tags[pdu.sequence] = tag

    def on_submit_sm_resp(self, pdu):
        say("submitted", tag=self.tags.pop(pdu.sequence), status=pdu.status, id=string(pdu.message_id))

    def on_error(self, pdu):
        say("submitted", tag=self.tags.pop(pdu.sequence, None), status=pdu.status, id="")

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
        udh = b""
        if pdu.esm_class & 0x40:
            udh, octets = octets[: octets[0] + 1], octets[octets[0] + 1 :]
        say("message", text=text_of(octets, pdu.data_coding), udh=udh.hex(), **facts)
        return smpplib.consts.SMPP_ESME_ROK

    def obey(self, command):
        do = command.pop("do")
        if do == "submit":
            self.submit(**command)
        else:
            raise SystemExit(f"no such command: {do}")

    def run(self):
        """Commands and PDUs as they come, until there are no more commands."""
        commands = b""
        while True:
            readable, _, _ = select.select([0, self.client._socket], [], [])
            if self.client._socket in readable:
                self.client.poll()
            if 0 in readable:
                octets = os.read(0, 65536)
                if not octets:
                    break
                *lines, commands = (commands + octets).split(b"\n")
                for line in lines:
                    self.obey(json.loads(line))
        self.client.unbind()
        self.client.disconnect()
        say("unbound")


host, port, system_id, password = sys.argv[1:]
esme = Esme(host, int(port))
esme.bind(system_id, password)
esme.run()
