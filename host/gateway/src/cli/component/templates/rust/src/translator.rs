//! Translates for an upstream with one endpoint: `POST {api_base_url}/messages` with `{id, to, text, report_to}`, answered with `{id}`.

wit_bindgen::generate!({
    world: "edgebind:translator/translator",
    path: "wit",
    generate_all,
});

use edgebind::message::types::{Address, Alphabet, Body, Incoming, Message, MessageState, Setting};
use edgebind::translator::types::{
    Authorization, Conclusion, Context, Dead, Exchange, Failure, FailureKind, Heard, Hearing, Operation, Outcome, Report,
    Request, Response, Retry, Step, WebhookRequest,
};
use exports::edgebind::translator::translation::Guest;
use serde_json::{Value, json};

const ESME_RSUBMITFAIL: u32 = 0x45;
const ESME_RINVDCS: u32 = 0x104;

struct Translator;

// What it exports does not link natively, where the tests run.
#[cfg(target_family = "wasm")]
export!(Translator);

impl Guest for Translator {
    fn check(settings: Vec<Setting>) -> Vec<String> {
        match value(&settings, "api_base_url") {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => Vec::new(),
            Some(_) => vec!["api_base_url is no http or https URL".into()],
            None => vec!["api_base_url is missing".into()],
        }
    }

    fn begin(context: Context, operation: Operation) -> Step {
        match operation {
            Operation::Submit(message) => match text(&message) {
                Some(text) => submit(&context, &message.destination.digits, &text),
                None => dead(ESME_RINVDCS, format!("data_coding {} is not understood", message.data_coding)),
            },
            Operation::Query(_) | Operation::Cancel(_) => dead(ESME_RSUBMITFAIL, "the upstream cannot say".into()),
            Operation::Authenticate | Operation::Attach | Operation::Detach => done(Outcome::Taken(Vec::new())),
        }
    }

    fn resume(_: Context, _: Operation, _: Vec<u8>, got: Result<Response, Failure>) -> Step {
        match got {
            Ok(response) => answered(&response),
            Err(failure) if failure.kind == FailureKind::Refused => dead(ESME_RSUBMITFAIL, failure.why),
            Err(failure) => retry(None, failure.why),
        }
    }

    fn webhook(context: Context, request: WebhookRequest) -> Hearing {
        let heard = serde_json::from_slice(&request.body)
            .ok()
            .and_then(|event| hear(&context, &event));
        Hearing {
            proof: None,
            status: if heard.is_some() { 200 } else { 400 },
            said: Vec::new(),
            ignored: heard.is_none().then(|| "no event that we know".into()),
            heard: heard.into_iter().collect(),
            body: Vec::new(),
        }
    }
}

fn submit(context: &Context, to: &str, text: &str) -> Step {
    println!("submits {} in Rust, attempt {}", context.key, context.attempt);
    let url = value(&context.settings, "api_base_url").unwrap_or_default();
    Step::Exchange(Exchange {
        request: Request {
            method: "POST".into(),
            url: format!("{}/messages", url.trim_end_matches('/')),
            headers: vec![("content-type".into(), "application/json".into())],
            authorization: Some(Authorization::Basic(("upstream.user".into(), "upstream.password".into()))),
            body: json!({ "id": context.key, "to": to, "text": text, "report_to": context.webhook_url })
                .to_string()
                .into_bytes(),
            blanks: Vec::new(),
        },
        saved: Vec::new(),
        said: Vec::new(),
    })
}

fn answered(response: &Response) -> Step {
    match response.status {
        200..300 => {
            let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            let id = answer["id"].as_str().map(str::to_owned);
            done(Outcome::Taken(id.into_iter().collect()))
        }
        429 | 500.. => {
            let seconds = response
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
            let after_ms = seconds
                .and_then(|(_, value)| value.parse::<u64>().ok())
                .map(|seconds| seconds.saturating_mul(1000));
            retry(after_ms, format!("HTTP {}", response.status))
        }
        status => dead(ESME_RSUBMITFAIL, format!("HTTP {status}")),
    }
}

fn hear(context: &Context, event: &Value) -> Option<Heard> {
    let word = |name| event[name].as_str().map(str::to_owned);
    match event["event"].as_str()? {
        "report" => {
            let delivered = event["state"].as_str()? == "delivered";
            Some(Heard::Report(Report {
                upstream_id: word("id")?,
                key: None,
                state: if delivered {
                    MessageState::Delivered
                } else {
                    MessageState::Undeliverable
                },
                final_: true,
                error: u16::from(!delivered),
                at: context.now,
                why: "the upstream says so".into(),
            }))
        }
        "incoming" => Some(Heard::Incoming((
            word("id")?,
            Incoming {
                source: address(word("from")?),
                destination: address(word("to")?),
                body: Body::Text(word("text")?),
                port: None,
                part: None,
                udh: Vec::new(),
                received: context.now,
                tlvs: Vec::new(),
                metadata: Vec::new(),
            },
        ))),
        _ => None,
    }
}

fn address(digits: String) -> Address {
    Address { ton: 1, npi: 1, digits }
}

/// The text, where its coding is one that needs no table.
fn text(message: &Message) -> Option<String> {
    let octets = &message.payload;
    match (message.data_coding, message.alphabet) {
        (0, Alphabet::Utf8) => String::from_utf8(octets.clone()).ok(),
        (0 | 3, Alphabet::Latin1) | (3, _) => Some(octets.iter().copied().map(char::from).collect()),
        (0 | 1, _) if octets.is_ascii() => String::from_utf8(octets.clone()).ok(),
        (8, _) => {
            let units: Vec<u16> = octets
                .chunks(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
                .collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// The last one wins.
fn value<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    settings
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn done(outcome: Outcome) -> Step {
    Step::Done(Conclusion {
        outcome,
        memo: None,
        said: Vec::new(),
    })
}

fn retry(after_ms: Option<u64>, why: String) -> Step {
    done(Outcome::Retry(Retry { after_ms, why }))
}

fn dead(command_status: u32, why: String) -> Step {
    done(Outcome::Dead(Dead {
        state: MessageState::Rejected,
        command_status,
        error: 0,
        why,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_setting_wins() {
        let settings = [("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert_eq!(value(&settings, "a"), Some("2"));
        assert_eq!(value(&settings, "b"), None);
    }

    #[test]
    fn settings_without_a_url_are_refused() {
        assert_eq!(Translator::check(Vec::new()), ["api_base_url is missing"]);
    }
}
