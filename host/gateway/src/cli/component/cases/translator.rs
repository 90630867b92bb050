//! A translator's cases: an operation or a webhook in, requests and outcomes out, with answers of an upstream between them. All that
//! maps the words of a case to those of `wit/translator` and back is here.

use super::{
    file::Grouping,
    http,
    message::{self, show_address, show_hex, show_octets, show_part},
    scene::{BEGIN, Said, Stage, settle},
    words::{Words, number, unescaped},
};
use edgebind_runtime::{
    Fault, TranslatorComponent,
    message::{Availability, Body, MessageState},
    translator::{
        Algorithm, Authorization, Blank, Context, Dead, Digits, Escape, Failure, FailureKind, Filling, Heard, Hearing, Operation,
        Outcome, Piece, Report, Request, Response, Retry, Step, WebhookRequest,
    },
};
use std::mem;

/// Where a translator plays.
pub struct TranslatorStage {
    component: TranslatorComponent,
    said: Said,
    context: Context,
    /// When what is in the memo is over.
    memo_until: u64,
    /// What waits for the upstream's answer.
    pending: Option<(Operation, Vec<u8>)>,
}

impl TranslatorStage {
    pub fn new(component: TranslatorComponent, said: Said) -> Self {
        Self {
            component,
            said,
            context: context(),
            memo_until: 0,
            pending: None,
        }
    }

    fn operation(&mut self, operation: Operation) -> Vec<String> {
        if self.context.now >= self.memo_until {
            self.context.memo = None;
        }
        let step = self.component.begin(&self.context, &operation);
        self.step(operation, step)
    }

    fn answered(&mut self, got: &Result<Response, Failure>) -> Result<Vec<String>, String> {
        let (operation, saved) = self
            .pending
            .take()
            .ok_or("nothing was asked of the upstream that this could answer")?;
        let step = self.component.resume(&self.context, &operation, &saved, got);
        Ok(self.step(operation, step))
    }

    fn step(&mut self, operation: Operation, step: Result<Step, Fault>) -> Vec<String> {
        let mut lines = match step {
            Ok(Step::Exchange(exchange)) => {
                let lines = request(&exchange.request);
                self.pending = Some((operation, exchange.saved));
                lines
            }
            Ok(Step::Done(conclusion)) => {
                let mut lines = outcome(&conclusion.outcome);
                if let Some(memo) = conclusion.memo {
                    lines.push(format!("memo for {} ms \"{}\"", memo.ttl_ms, memo.bytes.escape_ascii()));
                    self.memo_until = self.context.now.saturating_add(memo.ttl_ms);
                    self.context.memo = Some(memo.bytes);
                }
                lines
            }
            Err(fault) => vec![format!("fault: {fault}")],
        };
        let said = mem::take(&mut *self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        lines.splice(..0, said.into_iter().map(|line| format!("say {line}")));
        lines
    }

    fn webhook(&mut self, words: &Words, rest: &[&str]) -> Result<Vec<String>, String> {
        let http::Rest { headers, body } = http::read(rest)?;
        let target = words.word(2).trim_start_matches('/');
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = WebhookRequest {
            method: words.word(1).to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body,
        };
        let heard = self.component.webhook(&self.context, &request);
        let said = mem::take(&mut *self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let lines = match heard {
            Ok(heard) => hearing(&heard),
            Err(fault) => vec![format!("fault: {fault}")],
        };
        Ok(said.into_iter().map(|line| format!("say {line}")).chain(lines).collect())
    }
}

impl Stage for TranslatorStage {
    fn grouping(&self) -> Grouping {
        Grouping::Messages
    }

    fn clear(&mut self) {
        self.context = context();
        (self.memo_until, self.pending) = (u64::MAX, None);
    }

    fn set(&mut self, words: &Words) -> Result<(), String> {
        let context = &mut self.context;
        let first = words.word(1).to_owned();
        match words.verb() {
            "settings" => settle(&mut context.settings, words)?,
            "secrets" => context.secrets = words.rest().iter().map(|word| word.text.clone()).collect(),
            "tenant" => context.tenant = first,
            "account" => context.account = first,
            "key" => context.key = first,
            "attempt" => context.attempt = words.number(1)?,
            "webhook-url" => context.webhook_url = (first != "none").then_some(first),
            "memo" => context.memo = Some(unescaped(&first)?),
            "@" => context.now = BEGIN.saturating_add(words.number(1)?),
            verb => {
                return Err(format!(
                    "{verb:?} is no word of a translator's case: settings, secrets, tenant, account, key, attempt, webhook-url, memo and \
                     @ are, and lines that begin with > or <"
                ));
            }
        }
        Ok(())
    }

    fn tell(&mut self, told: &[&str]) -> Result<Vec<String>, String> {
        let Some((first, rest)) = told.split_first() else {
            return Ok(Vec::new());
        };
        let words = Words::of(first);
        let ids = || words.rest().iter().map(|word| word.text.clone()).collect::<Vec<_>>();
        let operation = match words.verb() {
            "submit" => Operation::Submit(message::read(&words)?),
            "query" => Operation::Query(ids()),
            "cancel" => Operation::Cancel(ids()),
            "authenticate" => Operation::Authenticate,
            "attach" => Operation::Attach,
            "detach" => Operation::Detach,
            "check" => {
                return Ok(match self.component.check(&self.context.settings) {
                    Ok(mistakes) => mistakes,
                    Err(fault) => vec![format!("fault: {fault}")],
                });
            }
            "webhook" => return self.webhook(&words, rest),
            verb => {
                let got = got(verb, first, rest)?;
                return self.answered(&got);
            }
        };
        match rest {
            [] => Ok(self.operation(operation)),
            [more, ..] => Err(format!("{more:?} comes behind {first:?}, and nothing can")),
        }
    }
}

fn context() -> Context {
    Context {
        now: BEGIN,
        tenant: "tenant".into(),
        account: "esme01".into(),
        settings: Vec::new(),
        secrets: Vec::new(),
        key: "7100000000000017".into(),
        attempt: 1,
        webhook_url: Some("https://gateway.example/hook/0a1b".into()),
        memo: None,
    }
}

/// An answer of the upstream, or why there is none.
fn got(verb: &str, first: &str, rest: &[&str]) -> Result<Result<Response, Failure>, String> {
    let kind = match verb {
        "refused" => FailureKind::Refused,
        "unreachable" => FailureKind::Unreachable,
        "unanswered" => FailureKind::Unanswered,
        "too-large" => FailureKind::TooLarge,
        status => {
            let status = number(status).map_err(|_| {
                format!(
                    "{status:?} is nothing that a translator is told: submit, query, cancel, authenticate, attach, detach, check and \
                     webhook are, and for an answer its HTTP status, or refused, unreachable, unanswered, too-large"
                )
            })?;
            let http::Rest { headers, body } = http::read(rest)?;
            return Ok(Ok(Response { status, headers, body }));
        }
    };
    Ok(Err(Failure {
        kind,
        why: first[verb.len()..].trim().to_owned(),
    }))
}

fn request(request: &Request) -> Vec<String> {
    let mut lines = vec![format!("{} {}", request.method, request.url)];
    lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.extend(request.authorization.as_ref().map(|authorization| match authorization {
        Authorization::Basic((user, password)) => format!("Authorization: Basic {{{user}}}:{{{password}}}"),
        Authorization::Bearer(token) => format!("Authorization: Bearer {{{token}}}"),
    }));
    lines.extend(request.blanks.iter().map(blank));
    lines.extend(http::show_body(&request.body));
    lines
}

/// What the host writes where the mark stands.
fn blank(blank: &Blank) -> String {
    let filling = match &blank.filling {
        Filling::Secret((secret, escape)) => {
            let escape = match escape {
                Escape::None => "",
                Escape::Percent => ", percent-escaped",
                Escape::Json => ", JSON-escaped",
            };
            format!("{{{secret}}}{escape}")
        }
        Filling::Signature(signature) => {
            let digits = match signature.digits {
                Digits::Hex => "hex",
                Digits::Base64 => "base64",
            };
            let message = signature.message.escape_ascii();
            format!(
                "{} in {digits} of \"{message}\" with {{{}}}",
                algorithm(signature.algorithm),
                signature.secret
            )
        }
    };
    format!("where {} is {filling}", blank.mark)
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Md5 => "md5",
        Algorithm::HmacMd5 => "hmac-md5",
        Algorithm::HmacSha1 => "hmac-sha1",
        Algorithm::HmacSha256 => "hmac-sha256",
        Algorithm::HmacSha512 => "hmac-sha512",
    }
}

fn outcome(outcome: &Outcome) -> Vec<String> {
    vec![match outcome {
        Outcome::Taken(ids) => format!("taken {}", ids.join(" ")).trim_end().to_owned(),
        Outcome::Known(reports) => {
            return reports
                .iter()
                .map(|report| format!("known {}", self::report(report)))
                .collect();
        }
        Outcome::Retry(Retry {
            after_ms: Some(ms), why, ..
        }) => format!("retry after {ms} ms: {why}"),
        Outcome::Retry(Retry { why, .. }) => format!("retry: {why}"),
        Outcome::Pieces(pieces) => return pieces.iter().map(piece).collect(),
        Outcome::Dead(dead) => format!("dead {}", self::dead(dead)),
    }]
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Taken(id) => format!("piece taken {id}"),
        Piece::Refused(dead) => format!("piece refused {}", self::dead(dead)),
    }
}

fn dead(dead: &Dead) -> String {
    let Dead {
        state,
        command_status,
        error,
        why,
    } = dead;
    format!("{} {command_status:#04x} err {error}: {why}", self::state(*state))
}

fn report(report: &Report) -> String {
    let kind = if report.final_ { "final" } else { "not final" };
    let Report {
        upstream_id,
        error,
        why,
        key,
        ..
    } = report;
    let key = key.as_ref().map(|key| format!(" key={key}")).unwrap_or_default();
    format!(
        "{upstream_id} {} {kind} err {error} at {}{key}: {why}",
        state(report.state),
        instant(report.at)
    )
}

fn hearing(hearing: &Hearing) -> Vec<String> {
    let mut lines = vec![hearing.status.to_string()];
    lines.extend(hearing.proof.iter().map(|proof| {
        let (algorithm, expected) = (algorithm(proof.algorithm), show_hex(&proof.expected));
        format!("if {algorithm} with {{{}}} of what is signed is {expected}", proof.secret)
    }));
    lines.extend(hearing.ignored.iter().map(|why| format!("ignored: {why}")));
    lines.extend(hearing.heard.iter().map(heard));
    lines.extend(http::show_body(&hearing.body));
    lines
}

fn heard(heard: &Heard) -> String {
    match heard {
        Heard::Report(report) => format!("report {}", self::report(report)),
        Heard::Alert((key, alert)) => {
            let availability = alert.availability.map_or("unsaid", |availability| match availability {
                Availability::Available => "available",
                Availability::Denied => "denied",
                Availability::Unavailable => "unavailable",
            });
            let (source, destination) = (show_address(&alert.source), show_address(&alert.destination));
            format!("alert {source} -> {destination} {availability} key={key}")
        }
        Heard::Incoming((key, incoming)) => {
            let (source, destination) = (show_address(&incoming.source), show_address(&incoming.destination));
            let mut line = format!("incoming {source} -> {destination}");
            match &incoming.body {
                Body::Text(text) => line.push_str(&format!(" {text:?}")),
                Body::Binary(octets) => {
                    line.push_str(" binary");
                    show_octets(&mut line, octets);
                }
            }
            line.extend(incoming.port.map(|port| format!(" port={port}")));
            line.extend(incoming.part.as_ref().map(|part| format!(" part={}", show_part(part))));
            if !incoming.udh.is_empty() {
                line.push_str(&format!(" udh={}", show_hex(&incoming.udh)));
            }
            line.push_str(&format!(" at {}", instant(incoming.received)));
            line.extend(
                incoming
                    .tlvs
                    .iter()
                    .map(|tlv| format!(" {:04x}={}", tlv.tag, show_hex(&tlv.value))),
            );
            line.extend(incoming.metadata.iter().map(|(name, value)| format!(" {name}={value}")));
            line + &format!(" key={key}")
        }
    }
}

fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Enroute => "enroute",
        MessageState::Delivered => "delivered",
        MessageState::Expired => "expired",
        MessageState::Deleted => "deleted",
        MessageState::Undeliverable => "undeliverable",
        MessageState::Accepted => "accepted",
        MessageState::Unknown => "unknown",
        MessageState::Rejected => "rejected",
    }
}

fn instant(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| ms.to_string(), |instant| instant.to_string())
}
