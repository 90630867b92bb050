//! What the tables of these tests are made of: a context and a message to bend by assignment, and steps and hearings as
//! lines of text.
#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write;

use edgebind_smsgate::bindings::edgebind::{
    message::types::{Address, Alphabet, Body, Message, Receipts, Setting},
    translator::types::{
        Authorization, Context, Failure, Heard, Hearing, Operation, Outcome, Report, Request, Response, Step, WebhookRequest,
    },
};

/// 2026-08-20T08:15:30Z.
pub(crate) const NOW: u64 = 1_787_213_730_000;
pub(crate) const SECOND: u64 = 1000;
pub(crate) const HOUR: u64 = 3600 * SECOND;

pub(crate) fn context(settings: &[(&str, &str)]) -> Context {
    let mut all = vec![("api_base_url".to_owned(), "https://sms.example/3rdparty/v1".to_owned())];
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
    let mut step = edgebind_smsgate::begin(ctx, op);
    loop {
        writeln!(text, "{}", line(&step)).unwrap();
        let (Step::Exchange(exchange), Some(got)) = (&step, answers.next()) else {
            break;
        };
        match got {
            Ok(response) => writeln!(text, "  < {} {}", response.status, String::from_utf8_lossy(&response.body)).unwrap(),
            Err(failure) => writeln!(text, "  < {:?} {}", failure.kind, failure.why).unwrap(),
        }
        step = edgebind_smsgate::resume(ctx, op, &exchange.saved, got);
    }
    assert!(answers.next().is_none(), "an answer was left over: {text}");
    text.trim_end().to_owned()
}

pub(crate) fn line(step: &Step) -> String {
    match step {
        Step::Exchange(exchange) => request(&exchange.request),
        Step::Done(conclusion) => {
            let memo = match &conclusion.memo {
                Some(memo) => format!(
                    "\nmemo for {} s: {}",
                    memo.ttl_ms / 1000,
                    String::from_utf8_lossy(&memo.bytes)
                ),
                None => String::new(),
            };
            outcome(&conclusion.outcome) + &memo
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

pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken(ids) => format!("taken {}", ids.join(" ")).trim_end().to_owned(),
        Outcome::Pieces(pieces) => panic!("one message is one to SMSGate: {pieces:?}"),
        Outcome::Known(reports) => reports
            .iter()
            .map(|known| format!("known {}", report(known)))
            .collect::<Vec<_>>()
            .join("\n"),
        Outcome::Retry(retry) => match retry.after_ms {
            Some(ms) => format!("retry after {} s: {}", ms / 1000, retry.why),
            None => format!("retry: {}", retry.why),
        },
        Outcome::Dead(dead) => {
            format!(
                "dead {:?} {:#04x} err {}: {}",
                dead.state, dead.command_status, dead.error, dead.why
            )
        }
    }
}

fn report(report: &Report) -> String {
    let kind = if report.final_ { "final" } else { "not final" };
    format!(
        "{} {:?} {kind} err {} at {}: {}",
        report.upstream_id, report.state, report.error, report.at, report.why
    )
}

/// A webhook with this body.
pub(crate) fn posted(body: &str) -> WebhookRequest {
    WebhookRequest {
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    }
}

/// All but the keys, which say nothing to a reader.
pub(crate) fn hearing(hearing: &Hearing) -> String {
    let mut text = hearing.status.to_string();
    if let Some(proof) = &hearing.proof {
        write!(text, " if signed with {}", proof.secret).unwrap();
    }
    if let Some(why) = &hearing.ignored {
        write!(text, " ignored: {why}").unwrap();
    }
    for heard in &hearing.heard {
        text.push('\n');
        match heard {
            Heard::Incoming((_, incoming)) => {
                let (from, to) = (&incoming.source, &incoming.destination);
                write!(text, "incoming {}/{} {:?}", from.ton, from.npi, from.digits).unwrap();
                write!(text, " -> {}/{} {:?}", to.ton, to.npi, to.digits).unwrap();
                match &incoming.body {
                    Body::Text(body) => write!(text, " text {body:?}").unwrap(),
                    Body::Binary(octets) => write!(text, " binary {octets:02x?}").unwrap(),
                }
                if let Some(port) = incoming.port {
                    write!(text, " port {port}").unwrap();
                }
                write!(text, " at {}", incoming.received).unwrap();
                for (name, value) in &incoming.metadata {
                    write!(text, " {name}={value}").unwrap();
                }
            }
            Heard::Report(heard) => write!(text, "report {}", report(heard)).unwrap(),
            Heard::Alert((_, alert)) => write!(text, "alert {:?}", alert.availability).unwrap(),
        }
    }
    text
}
