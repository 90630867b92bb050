//! The settings of a release, read and refused whole. No secret is among them.
//!
//! A *place* is where something stands in an answer or a webhook: a JSON pointer (`/data/id`), or the name of a field (of the body's JSON, of a form, of a
//! query). A *template* has `{destination}`, `{source}`, `{text}`, `{data_hex}`, `{data_base64}`, `{udh_hex}`, `{key}`, `{ttl_s}`, `{ttl_ms}`,
//! `{receipt}`, `{service_type}`, `{webhook_url}`, `{tenant}` and `{account}` in it, written as the URL, the form or the JSON needs it. A field
//! that would need what a message does not have is left out. `{secret:NAME}` is a secret of the tenant, 8 of them at most: the host writes it there
//! where the request goes to an origin that the secret belongs to.
//!
//! | name | value | default |
//! |---|---|---|
//! | `submit.method` | of the request that sends a message; with `GET` the fields of the form are the query | `POST` |
//! | `submit.url` | template | required |
//! | `submit.authorization` | `basic USER PASSWORD` or `bearer TOKEN`, each the name of a secret | none |
//! | `submit.headers.<name>` | template; not `Authorization` | `Content-Type` by the body |
//! | `submit.json` | the body: JSON whose strings are templates; a number or truth alone in its string is written without quotes | one of both |
//! | `submit.form.<field>` | the body, or the query: template | one of both |
//! | `submit.numbers` | `digits` (447700900123), `plus` (+447700900123), `as_is`; short codes and names always as they are | `digits` |
//! | `submit.taken` | HTTP status or range that says yes | `200-299` |
//! | `submit.ok` | `PLACE=VALUE` that says yes besides | none |
//! | `submit.id` | place of the provider's id, by which it reports | none: it reports by our `{key}` |
//! | `submit.error` | place of its error code | none |
//! | `submit.errors.<code>` | what it means: `retry`, `retry MS`, or `rejected`, `undeliverable`, `expired`, `unknown` with a command_status and an `err:` | |
//! | `submit.statuses.<HTTP status>` | likewise, where no code says it | 401, 403, 404, 408, 425, 429, 3xx and 5xx are tried again |
//! | `submit.otherwise` | likewise, for the rest | `rejected` |
//! | `submit.repeat_unanswered` | `false` where the provider would send twice what is posted twice under one `{key}` | `true` |
//! | `receipt.path` | what follows the webhook URL | `receipt` |
//! | `receipt.each` | place of a list of them | none: a webhook is one |
//! | `receipt.when` | `PLACE=VALUE` of what is one | any |
//! | `receipt.id`, `receipt.state` | places; given both or none | none: no receipts |
//! | `receipt.states.<value>` | `enroute`, `delivered`, `expired`, `deleted`, `undeliverable`, `accepted`, `unknown`, `rejected`, and `final` or `intermediate` behind it; what is not listed is no news | |
//! | `receipt.error` | place of a number for `err:` | none |
//! | `incoming.path`, `incoming.each`, `incoming.when` | as of receipts | `incoming` |
//! | `incoming.key`, `incoming.source`, `incoming.text` | places; given all or none. The key is the same when the provider repeats itself | none: no incoming messages |
//! | `incoming.destination` | place | none |
//! | `webhook.secret`, `webhook.header` | a secret's name and the header with the HMAC-SHA256 of the body | none: the URL is the secret |
//! | `webhook.prefix` | what stands before the digest | none |
//! | `webhook.encoding` | `hex` or `base64` | `hex` |
//! | `webhook.status`, `webhook.body` | the answer | 200, empty |

use crate::{
    bindings::edgebind::message::types::{MessageState, Setting},
    document::{Document, Place},
    template::Template,
    verdict::Verdict,
    words::{NAMES, Numbers},
};
use serde_json::Value;
use std::{collections::BTreeMap, ops::RangeInclusive, str::FromStr};

/// The host fills in no more blanks of one request.
const SECRETS_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) submit: Submit,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) incoming: Option<Incoming>,
    pub(crate) signature: Option<Signature>,
    pub(crate) answer: (u16, String),
}

#[derive(Debug)]
pub(crate) struct Submit {
    pub(crate) method: String,
    pub(crate) url: Template,
    pub(crate) authorization: Option<Authorization>,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Body,
    pub(crate) numbers: Numbers,
    pub(crate) taken: RangeInclusive<u16>,
    pub(crate) ok: Option<Condition>,
    pub(crate) id: Option<Place>,
    pub(crate) error: Option<Place>,
    pub(crate) errors: BTreeMap<String, Verdict>,
    pub(crate) statuses: BTreeMap<u16, Verdict>,
    pub(crate) otherwise: Verdict,
    pub(crate) repeat_unanswered: bool,
}

/// Names of secrets.
#[derive(Clone, Debug)]
pub(crate) enum Authorization {
    Basic(String, String),
    Bearer(String),
}

#[derive(Debug)]
pub(crate) enum Body {
    Json(Json),
    Form(Vec<(String, Template)>),
}

/// JSON with templates for strings.
#[derive(Debug)]
pub(crate) enum Json {
    Template(Template),
    Plain(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Which webhooks are of a kind, and where in them each of that kind stands.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: String,
    pub(crate) each: Option<Place>,
    pub(crate) when: Option<Condition>,
}

#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) route: Route,
    pub(crate) id: Place,
    pub(crate) state: Place,
    /// With whether no better news will follow.
    pub(crate) states: BTreeMap<String, (MessageState, bool)>,
    pub(crate) error: Option<Place>,
}

#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) route: Route,
    pub(crate) key: Place,
    pub(crate) source: Place,
    pub(crate) destination: Option<Place>,
    pub(crate) text: Place,
}

#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) secret: String,
    pub(crate) header: String,
    pub(crate) prefix: String,
    pub(crate) is_base64: bool,
}

/// That this stands there.
#[derive(Debug)]
pub(crate) struct Condition {
    place: Place,
    value: String,
}

impl Condition {
    pub(crate) fn holds(&self, document: &Document) -> bool {
        document.text(&self.place).as_deref() == Some(&self.value)
    }

    fn read(text: &str) -> Result<Self, String> {
        let (place, value) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` is no PLACE=VALUE"))?;
        let (place, value) = (Place::read(place.trim())?, value.trim().to_owned());
        Ok(Self { place, value })
    }
}

impl Submit {
    fn secrets(&self) -> usize {
        let headers = self.headers.iter().map(|(_, template)| template.secrets());
        self.url.secrets() + self.body.secrets() + headers.sum::<usize>()
    }
}

impl Settings {
    /// Reads them all, or names every mistake. Of two with one name the later wins.
    pub(crate) fn read(settings: &[Setting]) -> Result<Self, Vec<String>> {
        let mut source = Source {
            left: settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            mistakes: Vec::new(),
        };
        let read = (
            submit(&mut source),
            receipt(&mut source),
            incoming(&mut source),
            signature(&mut source),
            answer(&mut source),
        );
        let Source { left, mut mistakes } = source;
        mistakes.extend(left.keys().map(|name| format!("{name}: there is no such setting")));
        match read {
            (Some(submit), receipt, incoming, signature, answer) if mistakes.is_empty() => Ok(Self {
                submit,
                receipt,
                incoming,
                signature,
                answer,
            }),
            _ => Err(mistakes),
        }
    }
}

fn submit(source: &mut Source<'_>) -> Option<Submit> {
    let method = source.or("submit.method", "POST".to_owned(), method);
    let url = source.required("submit.url", "it says where messages are sent to", url);
    let json = source.read("submit.json", json);
    let form = source.all("submit.form.", |_, value| template(value));
    let body = match (json, form.is_empty()) {
        (Some(_), false) => source.mistake("submit.json", "is given beside submit.form"),
        (Some(json), true) => Some(Body::Json(json)),
        (None, _) => Some(Body::Form(form)),
    };
    let says_anything = match &body {
        Some(body) => body.places().chain(url.iter().flat_map(Template::places)).next().is_some(),
        None => true,
    };
    if source.mistakes.is_empty() && !says_anything {
        source
            .mistakes
            .push("submit: neither its URL nor its body says anything of a message".to_owned());
    }
    let read = Submit {
        method,
        url: url.unwrap_or_else(|| Template::read("", NAMES).expect("no text is a template")),
        authorization: source.read("submit.authorization", authorization),
        headers: source.all("submit.headers.", header),
        body: body.unwrap_or(Body::Form(Vec::new())),
        numbers: source.or("submit.numbers", Numbers::Digits, numbers),
        taken: source.or("submit.taken", 200..=299, range),
        ok: source.read("submit.ok", Condition::read),
        id: source.read("submit.id", Place::read),
        error: source.read("submit.error", Place::read),
        errors: source
            .all("submit.errors.", |_, value| Verdict::read(value))
            .into_iter()
            .collect(),
        statuses: source
            .all("submit.statuses.", status)
            .into_iter()
            .map(|(_, verdict)| verdict)
            .collect(),
        otherwise: source.or(
            "submit.otherwise",
            Verdict::read("rejected").expect("it is one"),
            Verdict::read,
        ),
        repeat_unanswered: source.or("submit.repeat_unanswered", true, parse),
    };
    let secrets = read.secrets();
    if secrets > SECRETS_MAX {
        source.mistakes.push(format!(
            "submit: mentions secrets {secrets} times, and the host fills in {SECRETS_MAX}"
        ));
    }
    Some(read)
}

fn receipt(source: &mut Source<'_>) -> Option<Receipt> {
    let route = route(source, "receipt");
    let (id, state) = (
        source.read("receipt.id", Place::read),
        source.read("receipt.state", Place::read),
    );
    let states = source
        .all("receipt.states.", |_, value| state_of(value))
        .into_iter()
        .collect();
    let error = source.read("receipt.error", Place::read);
    match (id, state) {
        (Some(id), Some(state)) => Some(Receipt {
            route,
            id,
            state,
            states,
            error,
        }),
        (None, None) => None,
        _ => source.mistake("receipt", "receipt.id and receipt.state are given both or none"),
    }
}

fn incoming(source: &mut Source<'_>) -> Option<Incoming> {
    let route = route(source, "incoming");
    let mut place = |name| source.read(name, Place::read);
    let places = (place("incoming.key"), place("incoming.source"), place("incoming.text"));
    let destination = place("incoming.destination");
    match places {
        (Some(key), Some(from), Some(text)) => Some(Incoming {
            route,
            key,
            source: from,
            destination,
            text,
        }),
        (None, None, None) => None,
        _ => source.mistake(
            "incoming",
            "incoming.key, incoming.source and incoming.text are given all or none",
        ),
    }
}

fn signature(source: &mut Source<'_>) -> Option<Signature> {
    let (secret, header) = (source.read("webhook.secret", some), source.read("webhook.header", some));
    let prefix = source.or("webhook.prefix", String::new(), |text| Ok(text.to_owned()));
    let is_base64 = source.or("webhook.encoding", false, |text| match text {
        "hex" => Ok(false),
        "base64" => Ok(true),
        _ => Err(format!("`{text}` is neither hex nor base64")),
    });
    match (secret, header) {
        (Some(secret), Some(header)) => Some(Signature {
            secret,
            header,
            prefix,
            is_base64,
        }),
        (None, None) => None,
        _ => source.mistake("webhook", "webhook.secret and webhook.header are given both or none"),
    }
}

fn answer(source: &mut Source<'_>) -> (u16, String) {
    let status = source.or("webhook.status", 200, |text| match text.parse() {
        Ok(status @ 200..=299) => Ok(status),
        _ => Err(format!("`{text}` is no HTTP status from 200 to 299")),
    });
    (status, source.or("webhook.body", String::new(), |text| Ok(text.to_owned())))
}

fn route(source: &mut Source<'_>, kind: &str) -> Route {
    Route {
        path: source.or(&format!("{kind}.path"), kind.to_owned(), |text| {
            Ok(text.trim_matches('/').to_owned())
        }),
        each: source.read(&format!("{kind}.each"), Place::read),
        when: source.read(&format!("{kind}.when"), Condition::read),
    }
}

/// What is left to read, and what was wrong.
struct Source<'a> {
    left: BTreeMap<&'a str, &'a str>,
    mistakes: Vec<String>,
}

impl Source<'_> {
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match read(self.left.remove(name)?) {
            Ok(value) => Some(value),
            Err(mistake) => self.mistake(name, &mistake),
        }
    }

    fn or<T>(&mut self, name: &str, usual: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        self.read(name, read).unwrap_or(usual)
    }

    fn required<T>(&mut self, name: &str, what: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if self.left.contains_key(name) {
            return self.read(name, read);
        }
        self.mistake(name, &format!("missing; {what}"))
    }

    /// All whose names begin so, by the rest of their names.
    fn all<T>(&mut self, prefix: &str, read: impl Fn(&str, &str) -> Result<T, String>) -> Vec<(String, T)> {
        let names: Vec<String> = self
            .left
            .keys()
            .filter(|name| name.starts_with(prefix))
            .map(|name| (*name).to_owned())
            .collect();
        names
            .into_iter()
            .filter_map(|name| {
                let rest = name[prefix.len()..].to_owned();
                self.read(&name, |value| read(&rest, value)).map(|value| (rest, value))
            })
            .collect()
    }

    fn mistake<T>(&mut self, name: &str, mistake: &str) -> Option<T> {
        self.mistakes.push(format!("{name}: {mistake}"));
        None
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is neither true nor false"))
}

fn some(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("is empty".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn template(text: &str) -> Result<Template, String> {
    Template::read(text, NAMES)
}

fn method(text: &str) -> Result<String, String> {
    match text {
        "GET" | "POST" | "PUT" | "PATCH" => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is none of GET, POST, PUT, PATCH")),
    }
}

fn url(text: &str) -> Result<Template, String> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err("is no URL that begins with https:// or http://".to_owned());
    }
    let origin = text.split('/').nth(2).unwrap_or_default();
    if origin.is_empty() || origin.contains(['{', '}', '@']) {
        return Err("names a host that a message has no say in, and no user".to_owned());
    }
    template(text)
}

fn header(name: &str, value: &str) -> Result<Template, String> {
    if name.eq_ignore_ascii_case("authorization") {
        return Err("is what submit.authorization sets; another header can have {secret:NAME} in it".to_owned());
    }
    template(value)
}

fn authorization(text: &str) -> Result<Authorization, String> {
    match text.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
        ["basic", user, password] => Ok(Authorization::Basic((*user).to_owned(), (*password).to_owned())),
        ["bearer", token] => Ok(Authorization::Bearer((*token).to_owned())),
        _ => Err("is neither `basic USER PASSWORD` nor `bearer TOKEN`, with names of secrets".to_owned()),
    }
}

fn numbers(text: &str) -> Result<Numbers, String> {
    match text {
        "digits" => Ok(Numbers::Digits),
        "plus" => Ok(Numbers::Plus),
        "as_is" => Ok(Numbers::AsIs),
        _ => Err(format!("`{text}` is none of digits, plus, as_is")),
    }
}

fn status(name: &str, value: &str) -> Result<(u16, Verdict), String> {
    let status = name.parse().ok().filter(|status| (100..=599).contains(status));
    let status = status.ok_or_else(|| format!("`{name}` is no HTTP status"))?;
    Verdict::read(value).map(|verdict| (status, verdict))
}

fn range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if (100..=599).contains(&from) && from <= to && to <= 599 => Ok(from..=to),
        _ => Err(format!("`{text}` is no HTTP status, nor a range of them")),
    }
}

fn state_of(text: &str) -> Result<(MessageState, bool), String> {
    let mut words = text.split_ascii_whitespace();
    let state = match words.next() {
        Some("enroute") => Some((MessageState::Enroute, false)),
        Some("accepted") => Some((MessageState::Accepted, false)),
        Some("delivered") => Some((MessageState::Delivered, true)),
        Some("expired") => Some((MessageState::Expired, true)),
        Some("deleted") => Some((MessageState::Deleted, true)),
        Some("undeliverable") => Some((MessageState::Undeliverable, true)),
        Some("unknown") => Some((MessageState::Unknown, true)),
        Some("rejected") => Some((MessageState::Rejected, true)),
        _ => None,
    };
    let state = state.and_then(|(state, usual)| match words.next() {
        None => Some((state, usual)),
        Some("final") => Some((state, true)),
        Some("intermediate") => Some((state, false)),
        Some(_) => None,
    });
    state
        .filter(|_| words.next().is_none())
        .ok_or_else(|| format!("`{text}` is no state of a message, nor one with final or intermediate behind it"))
}

fn json(text: &str) -> Result<Json, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
    Json::read(value)
}

impl Json {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => template(&text).map(Self::Template),
            Value::Array(items) => items.into_iter().map(Self::read).collect::<Result<_, _>>().map(Self::List),
            Value::Object(members) => {
                let read = members
                    .into_iter()
                    .map(|(name, value)| Self::read(value).map(|value| (name, value)));
                read.collect::<Result<_, _>>().map(Self::Object)
            }
            plain => Ok(Self::Plain(plain)),
        }
    }

    fn places(&self) -> Box<dyn Iterator<Item = &'static str> + '_> {
        match self {
            Self::Template(template) => Box::new(template.places()),
            Self::Plain(_) => Box::new(std::iter::empty()),
            Self::List(items) => Box::new(items.iter().flat_map(Self::places)),
            Self::Object(members) => Box::new(members.iter().flat_map(|(_, value)| value.places())),
        }
    }

    fn secrets(&self) -> usize {
        match self {
            Self::Template(template) => template.secrets(),
            Self::Plain(_) => 0,
            Self::List(items) => items.iter().map(Self::secrets).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.secrets()).sum(),
        }
    }
}

impl Body {
    /// The names of its places.
    pub(crate) fn places(&self) -> Box<dyn Iterator<Item = &'static str> + '_> {
        match self {
            Self::Json(json) => json.places(),
            Self::Form(fields) => Box::new(fields.iter().flat_map(|(_, template)| template.places())),
        }
    }

    fn secrets(&self) -> usize {
        match self {
            Self::Json(json) => json.secrets(),
            Self::Form(fields) => fields.iter().map(|(_, template)| template.secrets()).sum(),
        }
    }
}
