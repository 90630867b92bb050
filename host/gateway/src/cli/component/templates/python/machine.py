"""One bind: a session that takes messages and delivers nothing, the least that is of use. All of it is SMPP 3.4 §4, octet by octet."""

import struct

from componentize_py_types import Err, Ok
from wit_world.imports.edgebind_message_types import Address, Alphabet, Message, Receipts
from wit_world.imports.edgebind_session_types import (
    Action_Append,
    Action_Close,
    Action_Ready,
    Action_Send,
    CloseReason,
    Event_Appended,
    Event_Bound,
    Event_Drain,
    Event_Ended,
    Event_Frame,
    Event_OutOfStep,
    Readiness,
    Refusal_QueueFull,
    Refusal_Rejected,
    Refusal_Throttled,
)

GENERIC_NACK = 0x80000000
SUBMIT_SM = 0x4
UNBIND = 0x6
ENQUIRE_LINK = 0x15
# Set in what answers.
RESPONSE = 0x80000000

ESME_ROK = 0
ESME_RINVMSGLEN = 0x1
ESME_RINVCMDID = 0x3
ESME_RSYSERR = 0x8
ESME_RMSGQFUL = 0x14
ESME_RTHROTTLED = 0x58

# What is saved begins with whose it is and its form: a later release knows by that what it reads.
SAVED = b"my-component 1:"


class Session:
    def __init__(self, config):
        # Messages so far. A token is that, and in its lower half the sequence_number that its message came with: it says by itself what
        # is to be answered, and stays its own where an ESME uses a number twice.
        self.messages = 0

    def on_events(self, now, events):
        return [action for event in events for action in self.on_event(event)]

    def save(self):
        return SAVED + str(self.messages).encode()

    @classmethod
    def restore(cls, config, saved):
        messages = saved.removeprefix(SAVED)
        if messages == saved or not messages.isdigit():
            raise Err("it was saved by another component")
        session = cls(config)
        session.messages = int(messages)
        return session

    def on_event(self, event):
        match event:
            case Event_Bound(bind):
                command_id, sequence = header(bind.frame)
                return [send(command_id | RESPONSE, ESME_ROK, sequence, b"EDGE\0"), Action_Ready(Readiness(window=0, addresses=None))]
            case Event_Frame(frame):
                return self.on_frame(frame)
            case Event_Appended((token, Ok(message_id))):
                return [send(SUBMIT_SM | RESPONSE, ESME_ROK, token & 0xFFFFFFFF, message_id.encode() + b"\0")]
            case Event_Appended((token, Err(refusal))):
                return [send(SUBMIT_SM | RESPONSE, refused(refusal), token & 0xFFFFFFFF)]
            case Event_Drain():
                return [send(UNBIND, ESME_ROK, 1), Action_Close(CloseReason.DRAINED)]
            case Event_OutOfStep():
                return [Action_Close(CloseReason.OUT_OF_STEP)]
            case Event_Ended():
                return [Action_Close(CloseReason.ENDED)]
            case _:
                # Asked for by nobody here.
                return []

    def on_frame(self, frame):
        command_id, sequence = header(frame)
        if command_id == SUBMIT_SM:
            sms = message(frame[16:])
            if sms is None:
                return [send(SUBMIT_SM | RESPONSE, ESME_RINVMSGLEN, sequence)]
            self.messages = (self.messages + 1) & 0xFFFFFFFF
            return [Action_Append((self.messages << 32 | sequence, sms))]
        if command_id == ENQUIRE_LINK:
            return [send(ENQUIRE_LINK | RESPONSE, ESME_ROK, sequence)]
        if command_id == UNBIND:
            return [send(UNBIND | RESPONSE, ESME_ROK, sequence), Action_Close(CloseReason.UNBOUND)]
        if command_id & RESPONSE:
            return []
        return [send(GENERIC_NACK, ESME_RINVCMDID, sequence)]


def refused(refusal):
    match refusal:
        case Refusal_Throttled():
            return ESME_RTHROTTLED
        case Refusal_QueueFull():
            return ESME_RMSGQFUL
        case Refusal_Rejected(status):
            return status
        case _:
            return ESME_RSYSERR


class Body:
    """The parameters of a PDU, one behind the other. What is cut short raises ValueError or IndexError."""

    def __init__(self, octets):
        self.rest = octets

    def octet(self):
        octet, self.rest = self.rest[0], self.rest[1:]
        return octet

    def string(self):
        """A C-Octet String, in Latin-1."""
        end = self.rest.index(0)
        text, self.rest = self.rest[:end].decode("latin-1"), self.rest[end + 1 :]
        return text

    def address(self):
        return Address(self.octet(), self.octet(), self.string())


def message(octets):
    """The message in the body of a submit_sm; its optional parameters are left out. None in what is cut short."""
    body = Body(octets)
    try:
        service_type, source, destination = body.string(), body.address(), body.address()
        esm_class, protocol_id, priority = body.octet(), body.octet(), body.octet()
        # When to send it and until when: a session for more than a beginning reads them.
        _schedule, _validity = body.string(), body.string()
        registered, replace, data_coding, _default, length = (body.octet() for _ in range(5))
    except (IndexError, ValueError):
        return None
    if length > len(body.rest):
        return None
    return Message(
        service_type=service_type,
        source=source,
        destination=destination,
        also_to=[],
        esm_class=esm_class,
        protocol_id=protocol_id,
        priority=priority,
        schedule=None,
        validity=None,
        receipts=Receipts(
            success=registered & 3 == 1,
            failure=registered & 3 in (1, 2),
            intermediate=registered & 16 != 0,
        ),
        replace_if_present=replace == 1,
        data_coding=data_coding,
        alphabet=Alphabet.GSM,
        udh=b"",
        payload=body.rest[:length],
        part=None,
        excerpt="",
        tlvs=[],
        metadata=[],
    )


def header(frame):
    _, command_id, _, sequence = struct.unpack_from(">4I", frame)
    return command_id, sequence


def send(command_id, status, sequence, body=b""):
    return Action_Send(struct.pack(">4I", 16 + len(body), command_id, status, sequence) + body)
