//! What the tables of these tests are made of: a context and a message to bend by assignment, and steps and hearings as
//! lines of text.
#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write;

use edgebind_vonage::bindings::edgebind::{
    message::types::{Address, Alphabet, Body, Message, Receipts, Setting},
    translator::types::{
        Authorization, Context, Dead, Failure, Filling, Heard, Hearing, Operation, Outcome, Piece, Report, Request, Response,
        Step, WebhookRequest,
    },
};

/// 2026-08-20T08:15:30Z.
pub(crate) const NOW: u64 = 1_787_213_730_000;
pub(crate) const SECOND: u64 = 1000;
pub(crate) const HOUR: u64 = 3600 * SECOND;

pub(crate) fn context(settings: &[(&str, &str)]) -> Context {
    let mut all = vec![("api_base_url".to_owned(), "https://rest.example".to_owned())];
    all.extend(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()) as Setting),
    );
    Context {
        now: NOW,
        tenant: "tenant".into(),
        account: "esme01".into(),
        settings: all,
        secrets: vec!["upstream.user".into(), "upstream.password".into()],
        key: "7100000000000017".into(),
        attempt: 1,
        webhook_url: Some("https://gateway.example/hook/0a1b".into()),
        memo: None,
    }
}

pub(crate) fn message() -> Message {
    Message {
        service_type: String::new(),
        source: address(5, 0, "ACME"),
        destination: address(1, 1, "447700900000"),
        also_to: Vec::new(),
        esm_class: 0,
        protocol_id: 0,
        priority: 0,
        schedule: None,
        validity: None,
        receipts: Receipts {
            success: false,
            failure: false,
            intermediate: false,
        },
        replace_if_present: false,
        data_coding: 0,
        alphabet: Alphabet::Gsm,
        udh: Vec::new(),
        payload: b"Hi".to_vec(),
        part: None,
        excerpt: "Hi".into(),
        tlvs: Vec::new(),
        metadata: Vec::new(),
    }
}

pub(crate) fn address(ton: u8, npi: u8, digits: &str) -> Address {
    Address {
        ton,
        npi,
        digits: digits.into(),
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Result<Response, Failure> {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    })
}

/// Runs an operation against these answers, one after another, and says what was asked and what came of it.
pub(crate) fn run(ctx: &Context, op: &Operation, answers: &[Result<Response, Failure>]) -> String {
    let mut text = String::new();
    let mut answers = answers.iter();
    let mut step = edgebind_vonage::begin(ctx, op);
    loop {
        writeln!(text, "{}", line(&step)).unwrap();
        let (Step::Exchange(_), Some(got)) = (&step, answers.next()) else {
            break;
        };
        match got {
            Ok(response) => writeln!(text, "  < {} {}", response.status, String::from_utf8_lossy(&response.body)).unwrap(),
            Err(failure) => writeln!(text, "  < {:?} {}", failure.kind, failure.why).unwrap(),
        }
        step = edgebind_vonage::resume(ctx, op, got);
    }
    assert!(answers.next().is_none(), "an answer was left over: {text}");
    text.trim_end().to_owned()
}

pub(crate) fn line(step: &Step) -> String {
    match step {
        Step::Exchange(exchange) => {
            let said = exchange.said.iter().map(|said| format!("\nsaid: {said}"));
            request(&exchange.request) + &said.collect::<String>()
        }
        Step::Done(conclusion) => {
            let said = conclusion.said.iter().map(|said| format!("\nsaid: {said}"));
            outcome(&conclusion.outcome) + &said.collect::<String>()
        }
    }
}

pub(crate) fn request(request: &Request) -> String {
    format!(
        "{} {} {}",
        request.method,
        request.url,
        String::from_utf8_lossy(&request.body)
    )
    .trim_end()
    .to_owned()
}

pub(crate) fn headers(request: &Request) -> String {
    let mut text = String::new();
    for (name, value) in &request.headers {
        // Which build it is depends on who builds.
        let value = value.split(" (build").next().unwrap_or_default();
        writeln!(text, "{name}: {value}").unwrap();
    }
    match &request.authorization {
        Some(Authorization::Basic((user, password))) => writeln!(text, "Basic {user} {password}").unwrap(),
        Some(Authorization::Bearer(token)) => writeln!(text, "Bearer {token}").unwrap(),
        None => writeln!(text, "no authorization").unwrap(),
    }
    text
}

/// What the host is to fill in.
pub(crate) fn blanks(request: &Request) -> String {
    let lines = request.blanks.iter().map(|blank| match &blank.filling {
        Filling::Secret((name, escape)) => format!("{} = secret {name}, {escape:?}\n", blank.mark),
        Filling::Signature(signature) => format!(
            "{} = {:?} in {:?} with {} of {:?}\n",
            blank.mark,
            signature.algorithm,
            signature.digits,
            signature.secret,
            String::from_utf8_lossy(&signature.message)
        ),
    });
    lines.collect()
}

pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken(ids) => format!("taken {}", ids.join(" ")).trim_end().to_owned(),
        Outcome::Pieces(pieces) => {
            let piece = |piece: &Piece| match piece {
                Piece::Taken(id) => format!("\n  taken {id}"),
                Piece::Refused(dead) => format!("\n  refused {}", end(dead)),
            };
            format!("pieces{}", pieces.iter().map(piece).collect::<String>())
        }
        Outcome::Known(reports) => panic!("the API tells nothing when asked: {reports:?}"),
        Outcome::Retry(retry) => match retry.after_ms {
            Some(ms) => format!("retry after {ms} ms: {}", retry.why),
            None => format!("retry: {}", retry.why),
        },
        Outcome::Dead(dead) => format!("dead {}", end(dead)),
    }
}

fn end(dead: &Dead) -> String {
    let Dead {
        state,
        command_status,
        error,
        why,
    } = dead;
    format!("{state:?} {command_status:#04x} err {error}: {why}")
}

fn report(report: &Report) -> String {
    let kind = if report.final_ { "final" } else { "not final" };
    let key = report.key.as_deref().unwrap_or("no key");
    format!(
        "{} ({key}) {:?} {kind} err {} at {}: {}",
        report.upstream_id, report.state, report.error, report.at, report.why
    )
}

/// The three forms of a webhook with these parameters, as a form writes them.
pub(crate) fn forms(parameters: &str) -> [WebhookRequest; 3] {
    let pairs = form_urlencoded::parse(parameters.as_bytes());
    let object: serde_json::Map<String, serde_json::Value> = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    let json = serde_json::Value::Object(object).to_string();
    [
        called("GET", parameters, "", ""),
        called("POST", "", "application/x-www-form-urlencoded", parameters),
        called("POST", "", "application/json", &json),
    ]
}

pub(crate) fn called(method: &str, query: &str, content_type: &str, body: &str) -> WebhookRequest {
    WebhookRequest {
        method: method.into(),
        path: String::new(),
        query: query.into(),
        headers: vec![("content-type".into(), content_type.into())],
        body: body.into(),
    }
}

pub(crate) fn hearing(hearing: &Hearing) -> String {
    let mut text = hearing.status.to_string();
    if let Some(proof) = &hearing.proof {
        let (secret, algorithm) = (&proof.secret, proof.algorithm);
        write!(text, " if signed with {secret}, {algorithm:?}").unwrap();
    }
    if let Some(why) = &hearing.ignored {
        write!(text, " ignored: {why}").unwrap();
    }
    for heard in &hearing.heard {
        text.push('\n');
        match heard {
            Heard::Incoming((key, incoming)) => {
                let (from, to) = (&incoming.source, &incoming.destination);
                write!(text, "incoming {key} {}/{} {:?}", from.ton, from.npi, from.digits).unwrap();
                write!(text, " -> {}/{} {:?}", to.ton, to.npi, to.digits).unwrap();
                match &incoming.body {
                    Body::Text(body) => write!(text, " text {body:?}").unwrap(),
                    Body::Binary(octets) => write!(text, " binary {octets:02x?}").unwrap(),
                }
                if !incoming.udh.is_empty() {
                    write!(text, " udh {:02x?}", incoming.udh).unwrap();
                }
                if let Some(part) = &incoming.part {
                    let (index, total) = (part.index, part.total);
                    write!(text, " part {index} of {total}, {:?} {}", part.scheme, part.reference).unwrap();
                }
                write!(text, " at {}", incoming.received).unwrap();
                for (name, value) in &incoming.metadata {
                    write!(text, " {name}={value}").unwrap();
                }
            }
            Heard::Report(heard) => write!(text, "report {}", report(heard)).unwrap(),
            Heard::Alert((_, alert)) => panic!("Vonage tells of no availability: {:?}", alert.availability),
        }
    }
    text
}
