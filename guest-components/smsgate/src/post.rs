//! The request that hands a message over: `POST /messages`.

use serde::Serialize;

use crate::{
    answer, api,
    bindings::edgebind::{
        message::types::Message,
        translator::types::{Context, Dead, Request},
    },
    content::{self, Content, Data, Text},
    destination::{self, Destination},
    settings::{Sender, Settings},
};

/// smsgate: the least `ttl`.
const TTL_S_MIN: u64 = 5;

/// A message in the API's words; all of it but the phone, if no setting names one.
#[derive(Debug)]
pub(crate) struct Post {
    id: String,
    pub(crate) sender: Sender,
    destination: Destination,
    content: Content,
    /// Relative, so that it does not matter whether our clock and the upstream's agree.
    ttl_s: Option<u64>,
    priority: i8,
    with_delivery_report: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim_number: Option<u8>,
    phone_numbers: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    text_message: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_message: Option<&'a Data>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    priority: i8,
    with_delivery_report: bool,
}

impl Post {
    /// The message, or why it will never be one.
    pub(crate) fn new(ctx: &Context, settings: &Settings, message: &Message) -> Result<Self, Dead> {
        let receipts = &message.receipts;
        Ok(Self {
            ttl_s: ttl(message, ctx.now)?,
            id: id(ctx, settings),
            sender: settings.sender(&message.source.digits),
            destination: destination::destination(&message.destination, settings)?,
            content: content::content(message, settings)?,
            priority: settings.priorities[usize::from(message.priority.min(3))],
            with_delivery_report: receipts.success || receipts.failure || receipts.intermediate,
        })
    }

    /// The request, by this phone; none leaves it to the upstream.
    pub(crate) fn request(&self, ctx: &Context, settings: &Settings, device: Option<&str>) -> Request {
        let path = if self.destination.skip_validation {
            "/messages?skipPhoneValidation=true"
        } else {
            "/messages"
        };
        let (text_message, data_message) = match &self.content {
            Content::Text(text) => (Some(text), None),
            Content::Data(data) => (None, Some(data)),
        };
        let body = Body {
            id: &self.id,
            device_id: device,
            sim_number: self.sender.sim,
            phone_numbers: [&self.destination.number],
            text_message,
            data_message,
            ttl: self.ttl_s,
            priority: self.priority,
            with_delivery_report: self.with_delivery_report,
        };
        api::post(ctx, settings, path, &body)
    }
}

/// The upstream's id of the message: what makes a second POST of it a 409 and not a second SMS.
pub(crate) fn id(ctx: &Context, settings: &Settings) -> String {
    format!("{}{}", settings.id_prefix, ctx.key)
}

/// In seconds. The schedule is the host's: a message that comes here is due.
fn ttl(message: &Message, now_ms: u64) -> Result<Option<u64>, Dead> {
    match message.validity {
        Some(until) if until <= now_ms => Err(answer::expired("the validity period is over")),
        Some(until) => Ok(Some(((until - now_ms) / 1000).max(TTL_S_MIN))),
        None => Ok(None),
    }
}
