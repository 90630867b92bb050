"""Translates for an upstream with one endpoint: `POST {api_base_url}/messages` with `{id, to, text, report_to}`, answered with `{id}`."""

import encodings.utf_16_be  # noqa: F401 - what is imported later is not there: it is looked for in files
import json

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.edgebind_message_types import Address, Alphabet, Body_Text, Incoming, MessageState
from wit_world.imports.edgebind_translator_types import (
    Authorization_Basic,
    Conclusion,
    Dead,
    Exchange,
    FailureKind,
    Heard_Incoming,
    Heard_Report,
    Hearing,
    Operation_Cancel,
    Operation_Query,
    Operation_Submit,
    Outcome_Dead,
    Outcome_Retry,
    Outcome_Taken,
    Report,
    Request,
    Retry,
    Step_Done,
    Step_Exchange,
)

ESME_RSUBMITFAIL = 0x45
ESME_RINVDCS = 0x104


class Translation(exports.Translation):
    def check(self, settings):
        url = value(settings, "api_base_url")
        if url is None:
            return ["api_base_url is missing"]
        return [] if url.startswith(("http://", "https://")) else ["api_base_url is no http or https URL"]

    def begin(self, ctx, op):
        match op:
            case Operation_Submit(message):
                words = text(message)
                if words is None:
                    return dead(ESME_RINVDCS, f"data_coding {message.data_coding} is not understood")
                return submit(ctx, message.destination.digits, words)
            case Operation_Query() | Operation_Cancel():
                return dead(ESME_RSUBMITFAIL, "the upstream cannot say")
            case _:
                return done(Outcome_Taken([]))

    def resume(self, ctx, op, saved, got):
        if isinstance(got, Ok):
            return answered(got.value)
        if got.value.kind == FailureKind.REFUSED:
            return dead(ESME_RSUBMITFAIL, got.value.why)
        return retry(None, got.value.why)

    def webhook(self, ctx, request):
        heard = hear(ctx, parsed(request.body))
        if heard is None:
            return Hearing(proof=None, heard=[], status=400, body=b"", ignored="no event that we know", said=[])
        return Hearing(proof=None, heard=[heard], status=200, body=b"", ignored=None, said=[])


def submit(ctx, to, words):
    print(f"submits {ctx.key} in Python, attempt {ctx.attempt}", flush=True)
    url = value(ctx.settings, "api_base_url").rstrip("/")
    request = Request(
        method="POST",
        url=f"{url}/messages",
        headers=[("content-type", "application/json")],
        authorization=Authorization_Basic(("upstream.user", "upstream.password")),
        body=json.dumps({"id": ctx.key, "report_to": ctx.webhook_url, "text": words, "to": to}, ensure_ascii=False).encode(),
        blanks=[],
    )
    return Step_Exchange(Exchange(request, saved=b"", said=[]))


def answered(response):
    if 200 <= response.status < 300:
        answer = parsed(response.body)
        return done(Outcome_Taken([answer["id"]] if isinstance(answer.get("id"), str) else []))
    if response.status == 429 or response.status >= 500:
        waits = [value for name, value in response.headers if name.lower() == "retry-after"]
        seconds = int(waits[0]) if waits and waits[0].isdecimal() and len(waits[0]) < 10 else None
        return retry(None if seconds is None else seconds * 1000, f"HTTP {response.status}")
    return dead(ESME_RSUBMITFAIL, f"HTTP {response.status}")


def hear(ctx, event):
    def words(*names):
        return all(isinstance(event.get(name), str) for name in names)

    if event.get("event") == "report" and words("id", "state"):
        delivered = event["state"] == "delivered"
        return Heard_Report(
            Report(
                upstream_id=event["id"],
                key=None,
                state=MessageState.DELIVERED if delivered else MessageState.UNDELIVERABLE,
                final=True,
                error=0 if delivered else 1,
                at=ctx.now,
                why="the upstream says so",
            )
        )
    if event.get("event") == "incoming" and words("id", "from", "to", "text"):
        incoming = Incoming(
            source=Address(1, 1, event["from"]),
            destination=Address(1, 1, event["to"]),
            body=Body_Text(event["text"]),
            port=None,
            part=None,
            udh=b"",
            received=ctx.now,
            tlvs=[],
            metadata=[],
        )
        return Heard_Incoming((event["id"], incoming))
    return None


def text(message):
    """The text, where its coding is one that needs no table."""
    coding = {
        (0, Alphabet.UTF8): "utf-8",
        (0, Alphabet.LATIN1): "latin-1",
    }.get((message.data_coding, message.alphabet)) or {0: "ascii", 1: "ascii", 3: "latin-1", 8: "utf-16-be"}.get(
        message.data_coding
    )
    try:
        return message.payload.decode(coding) if coding else None
    except UnicodeDecodeError:
        return None


def parsed(octets):
    try:
        answer = json.loads(octets)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def value(settings, name):
    """The last one wins."""
    return next((value for key, value in reversed(settings) if key == name), None)


def done(outcome):
    return Step_Done(Conclusion(outcome, memo=None, said=[]))


def retry(after_ms, why):
    return done(Outcome_Retry(Retry(after_ms, why)))


def dead(command_status, why):
    return done(Outcome_Dead(Dead(MessageState.REJECTED, command_status, 0, why)))
