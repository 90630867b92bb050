//! The request that hands a message over: `POST /messages`.

use edgebind_smpp::CommandStatus;
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
    time,
};

/// smsgate: the least `ttl`.
const TTL_S_MIN: u64 = 5;
/// The upstream refuses a scheduleAt that is past by its own clock: one that is nearer than this is now.
const SCHEDULE_LEAD_MS: u64 = 5_000;

/// A message in the API's words; all of it but the phone, if no setting names one.
#[derive(Debug)]
pub(crate) struct Post {
    id: String,
    pub(crate) sender: Sender,
    destination: Destination,
    content: Content,
    lifetime: Lifetime,
    priority: i8,
    with_delivery_report: bool,
}

/// When it may be sent. Without a schedule the end is relative, so that it does not matter whether our clock and the upstream's
/// agree; a relative end would count from now, not from the schedule, and so both are absolute there.
#[derive(Debug, Default, PartialEq)]
struct Lifetime {
    ttl_s: Option<u64>,
    schedule_at: Option<String>,
    valid_until: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<&'a str>,
    priority: i8,
    with_delivery_report: bool,
}

impl Post {
    /// The message, or why it will never be one.
    pub(crate) fn new(ctx: &Context, settings: &Settings, message: &Message) -> Result<Self, Dead> {
        let receipts = &message.receipts;
        Ok(Self {
            lifetime: lifetime(message, ctx.now)?,
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
            ttl: self.lifetime.ttl_s,
            schedule_at: self.lifetime.schedule_at.as_deref(),
            valid_until: self.lifetime.valid_until.as_deref(),
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

fn lifetime(message: &Message, now_ms: u64) -> Result<Lifetime, Dead> {
    let schedule = message.schedule.filter(|at| *at > now_ms.saturating_add(SCHEDULE_LEAD_MS));
    match (schedule, message.validity) {
        (_, Some(until)) if until <= now_ms => Err(answer::expired("the validity period is over")),
        (Some(at), Some(until)) if until <= at => Err(answer::rejected(
            CommandStatus::RINVSCHED,
            "the validity period ends before the scheduled time",
        )),
        (Some(at), until) => Ok(Lifetime {
            ttl_s: None,
            schedule_at: Some(
                time::to_rfc3339(at)
                    .ok_or_else(|| answer::rejected(CommandStatus::RINVSCHED, "scheduled beyond the year 9999"))?,
            ),
            // Beyond the year 9999 is for ever.
            valid_until: until.and_then(time::to_rfc3339),
        }),
        (None, Some(until)) => Ok(Lifetime {
            ttl_s: Some(((until - now_ms) / 1000).max(TTL_S_MIN)),
            ..Lifetime::default()
        }),
        (None, None) => Ok(Lifetime::default()),
    }
}
