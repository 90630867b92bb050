// Translates for an upstream with one endpoint: `POST {api_base_url}/messages` with `{id, to, text, report_to}`, answered with `{id}`.

const ESME_RSUBMITFAIL = 0x45;
const ESME_RINVDCS = 0x104;

export const translation = {
  check(settings) {
    const url = value(settings, "api_base_url");
    if (url === undefined) return ["api_base_url is missing"];
    return /^https?:\/\//.test(url) ? [] : ["api_base_url is no http or https URL"];
  },

  begin(context, operation) {
    switch (operation.tag) {
      case "submit": {
        const words = text(operation.val);
        if (words === undefined) return dead(ESME_RINVDCS, `data_coding ${operation.val.dataCoding} is not understood`);
        return submit(context, operation.val.destination.digits, words);
      }
      case "query":
      case "cancel":
        return dead(ESME_RSUBMITFAIL, "the upstream cannot say");
      default:
        return done({ tag: "taken", val: [] });
    }
  },

  resume(_context, _operation, _saved, got) {
    if (got.tag === "ok") return answered(got.val);
    return got.val.kind === "refused" ? dead(ESME_RSUBMITFAIL, got.val.why) : retry(undefined, got.val.why);
  },

  webhook(context, request) {
    const heard = hear(context, request.body);
    return {
      proof: undefined,
      heard: heard ? [heard] : [],
      status: heard ? 200 : 400,
      body: new Uint8Array(),
      said: [],
      ignored: heard ? undefined : "no event that we know",
    };
  },
};

function submit(context, to, text) {
  console.log(`submits ${context.key} in JavaScript, attempt ${context.attempt}`);
  const url = value(context.settings, "api_base_url").replace(/\/+$/, "");
  return {
    tag: "exchange",
    val: {
      request: {
        method: "POST",
        url: `${url}/messages`,
        headers: [["content-type", "application/json"]],
        authorization: { tag: "basic", val: ["upstream.user", "upstream.password"] },
        body: new TextEncoder().encode(JSON.stringify({ id: context.key, report_to: context.webhookUrl, text, to })),
        blanks: [],
      },
      saved: new Uint8Array(),
      said: [],
    },
  };
}

function answered(response) {
  const status = response.status;
  if (status >= 200 && status < 300) {
    const id = json(response.body)?.id;
    return done({ tag: "taken", val: typeof id === "string" ? [id] : [] });
  }
  if (status === 429 || status >= 500) {
    const seconds = response.headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1];
    return retry(/^\d{1,9}$/.test(seconds ?? "") ? BigInt(seconds) * 1000n : undefined, `HTTP ${status}`);
  }
  return dead(ESME_RSUBMITFAIL, `HTTP ${status}`);
}

function hear(context, body) {
  const event = json(body);
  const words = (...names) => names.every((name) => typeof event[name] === "string");
  if (event?.event === "report" && words("id", "state")) {
    const delivered = event.state === "delivered";
    return {
      tag: "report",
      val: {
        upstreamId: event.id,
        key: undefined,
        state: delivered ? "delivered" : "undeliverable",
        final: true,
        error: delivered ? 0 : 1,
        at: context.now,
        why: "the upstream says so",
      },
    };
  }
  if (event?.event === "incoming" && words("id", "from", "to", "text")) {
    const address = (digits) => ({ ton: 1, npi: 1, digits });
    const incoming = {
      source: address(event.from),
      destination: address(event.to),
      body: { tag: "text", val: event.text },
      port: undefined,
      part: undefined,
      udh: new Uint8Array(),
      received: context.now,
      tlvs: [],
      metadata: [],
    };
    return { tag: "incoming", val: [event.id, incoming] };
  }
  return undefined;
}

/** The text, where its coding is one that needs no table. */
function text({ dataCoding, alphabet, payload }) {
  const latin1 = () => String.fromCharCode(...payload);
  try {
    if (dataCoding === 0 && alphabet === "utf8") return new TextDecoder("utf-8", { fatal: true }).decode(payload);
    if (dataCoding === 3 || (dataCoding === 0 && alphabet === "latin1")) return latin1();
    if ((dataCoding === 0 || dataCoding === 1) && payload.every((octet) => octet < 0x80)) return latin1();
    if (dataCoding === 8) return new TextDecoder("utf-16be", { fatal: true }).decode(payload);
  } catch {
    // Not what its data_coding says.
  }
  return undefined;
}

function json(octets) {
  try {
    return JSON.parse(new TextDecoder().decode(octets));
  } catch {
    return undefined;
  }
}

/** The last one wins. */
function value(settings, name) {
  return settings.findLast(([key]) => key === name)?.[1];
}

function done(outcome) {
  return { tag: "done", val: { outcome, memo: undefined, said: [] } };
}

function retry(afterMs, why) {
  return done({ tag: "retry", val: { afterMs, why } });
}

function dead(commandStatus, why) {
  return done({ tag: "dead", val: { state: "rejected", commandStatus, error: 0, why } });
}
