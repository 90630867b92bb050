// A session that takes binds and messages, and delivers nothing: the least that is of use. All of it is SMPP 3.4 §4, octet by octet.

const GENERIC_NACK = 0x80000000;
const SUBMIT_SM = 0x4;
const UNBIND = 0x6;
const ENQUIRE_LINK = 0x15;
// Set in what answers.
const RESPONSE = 0x80000000;

const ESME_ROK = 0;
const ESME_RINVMSGLEN = 0x1;
const ESME_RINVCMDID = 0x3;
const ESME_RSYSERR = 0x8;
const ESME_RMSGQFUL = 0x14;
const ESME_RTHROTTLED = 0x58;

// What is saved begins with whose it is and its form: a later release knows by that what it reads.
const SAVED = "my-component 1:";

/** One bind. */
class Session {
  // Messages so far. A token is that, and in its lower half the sequence_number that its message came with: it says by itself what is to be
  // answered, and stays its own where an ESME uses a number twice.
  messages = 0;

  constructor(_config) {}

  onEvents(_now, events) {
    return events.flatMap((event) => this.onEvent(event));
  }

  save() {
    return latin1(`${SAVED}${this.messages}`);
  }

  static restore(config, saved) {
    const text = String.fromCharCode(...saved);
    const messages = text.slice(SAVED.length);
    if (!text.startsWith(SAVED) || !/^\d{1,10}$/.test(messages)) throw "it was saved by another component";
    const session = new Session(config);
    session.messages = Number(messages);
    return session;
  }

  onEvent({ tag, val }) {
    switch (tag) {
      case "bound": {
        const { commandId, sequence } = header(val.frame);
        return [
          send(commandId + RESPONSE, ESME_ROK, sequence, latin1("EDGE\0")),
          { tag: "ready", val: { window: 0, addresses: undefined } },
        ];
      }
      case "frame":
        return this.onFrame(val);
      case "appended": {
        const [token, fate] = val;
        const body = fate.tag === "ok" ? latin1(`${fate.val}\0`) : new Uint8Array();
        const status = fate.tag === "ok" ? ESME_ROK : refused(fate.val);
        return [send(SUBMIT_SM + RESPONSE, status, Number(BigInt.asUintN(32, token)), body)];
      }
      case "drain":
        return [send(UNBIND, ESME_ROK, 1), close("drained")];
      case "out-of-step":
        return [close("out-of-step")];
      case "ended":
        return [close("ended")];
      default:
        // Asked for by nobody here.
        return [];
    }
  }

  onFrame(frame) {
    const { commandId, sequence } = header(frame);
    const answer = (status) => send(commandId + RESPONSE, status, sequence);
    switch (commandId) {
      case SUBMIT_SM: {
        const sms = message(frame.subarray(16));
        if (sms === undefined) return [answer(ESME_RINVMSGLEN)];
        this.messages = (this.messages + 1) % 2 ** 32;
        const token = (BigInt(this.messages) << 32n) | BigInt(sequence);
        return [{ tag: "append", val: [token, sms] }];
      }
      case ENQUIRE_LINK:
        return [answer(ESME_ROK)];
      case UNBIND:
        return [answer(ESME_ROK), close("unbound")];
      default:
        return commandId >= RESPONSE ? [] : [send(GENERIC_NACK, ESME_RINVCMDID, sequence)];
    }
  }
}

export const machine = {
  check(settings) {
    return settings.map(([name]) => `${name} is no setting`);
  },
  Session,
};

function refused(refusal) {
  switch (refusal.tag) {
    case "throttled":
      return ESME_RTHROTTLED;
    case "queue-full":
      return ESME_RMSGQFUL;
    case "rejected":
      return refusal.val;
    default:
      return ESME_RSYSERR;
  }
}

/** The message in the body of a submit_sm; its optional parameters are left out. None in what is cut short. */
function message(body) {
  let at = 0;
  const octet = () => {
    if (at >= body.length) throw new RangeError("cut short");
    return body[at++];
  };
  // A C-Octet String, in Latin-1.
  const string = () => {
    let text = "";
    for (let next = octet(); next !== 0; next = octet()) text += String.fromCharCode(next);
    return text;
  };
  const address = () => ({ ton: octet(), npi: octet(), digits: string() });
  try {
    // As they come, one behind the other.
    const [serviceType, source, destination] = [string(), address(), address()];
    const [esmClass, protocolId, priority] = [octet(), octet(), octet()];
    // When to send it and until when: a session for more than a beginning reads them.
    const [_schedule, _validity] = [string(), string()];
    const [registered, replace, dataCoding, _default, length] = [octet(), octet(), octet(), octet(), octet()];
    if (at + length > body.length) return undefined;
    return {
      serviceType,
      source,
      destination,
      alsoTo: [],
      esmClass,
      protocolId,
      priority,
      schedule: undefined,
      validity: undefined,
      receipts: {
        success: (registered & 3) === 1,
        failure: (registered & 3) === 1 || (registered & 3) === 2,
        intermediate: (registered & 16) !== 0,
      },
      replaceIfPresent: replace === 1,
      dataCoding,
      alphabet: "gsm",
      udh: new Uint8Array(),
      payload: body.slice(at, at + length),
      part: undefined,
      excerpt: "",
      tlvs: [],
      metadata: [],
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function header(frame) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return { commandId: view.getUint32(4), sequence: view.getUint32(12) };
}

function send(commandId, status, sequence, body = new Uint8Array()) {
  const pdu = new Uint8Array(16 + body.length);
  const view = new DataView(pdu.buffer);
  [pdu.length, commandId, status, sequence].forEach((number, place) => view.setUint32(4 * place, number));
  pdu.set(body, 16);
  return { tag: "send", val: pdu };
}

function close(reason) {
  return { tag: "close", val: reason };
}

function latin1(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
