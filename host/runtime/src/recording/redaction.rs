//! A recording without what stood in messages and without who sent them. What a guest was told is masked; what came of it is made
//! anew by the same component ([`remake`](super::remake)), so that a redacted recording runs again to the bit as any other does.
//!
//! | | |
//! |---|---|
//! | addresses | the first two digits stay, and the length |
//! | text, excerpts, values of metadata | letters become `x`, digits `0` |
//! | user data, optional parameters | every octet; of the user data header all but what numbers parts and names ports |
//! | bodies, what was remembered | of JSON the text and the long numbers, but for ids, kinds, states and times; of anything else every octet |
//! | headers, queries | the values, but for those that say of what form the body is and of when it was sent |
//! | settings, reasons, paths | numbers of five digits and more, as in addresses |
//! | PDUs | as the caller says |

use super::{Bound, Call, Frames, Heard, Operated, Recorded, Turn, Work, mask};
use crate::{
    contract::message::{Address, Body, Delivery, Message, Setting, Tlv},
    session::Event,
    translator::{Context, Failure, Operation, Response, WebhookRequest},
};
use std::{error::Error, fmt};

/// What stands where something came of it, until it is made anew.
const NOT_REMADE: &str = "redacted, and not made anew";

/// Octets of an impossible command_length.
const LENGTH_OCTETS: usize = 4;

/// User data header elements that say nothing of the text: numbers of parts and ports (3GPP TS 23.040 §9.2.3.24).
const ELEMENTS_KEPT: &[u8] = &[0x00, 0x04, 0x05, 0x08];

impl Recorded {
    /// Masks what the guest was told and drops what came of it, until [`remake`](super::remake) makes that anew. An error
    /// leaves everything as it was: nobody should keep that.
    pub fn redact(&mut self, frames: &dyn Frames) -> Result<(), Irredeemable> {
        match &mut self.work {
            Work::Operation(operated) => redact_operation(operated),
            Work::Webhook(heard) => redact_webhook(heard),
            Work::Bind(bound) => {
                if bound.from.is_some() {
                    return Err(Irredeemable);
                }
                redact_bind(bound, frames);
            }
        }
        self.redacted = true;
        Ok(())
    }
}

fn redact_operation(Operated { operation, calls }: &mut Operated) {
    match operation {
        Operation::Submit(message) => hide_message(message),
        // Ids, which the exchanges repeat.
        Operation::Query(_) | Operation::Cancel(_) | Operation::Authenticate | Operation::Attach | Operation::Detach => {}
    }
    for Call { context, got, step } in calls {
        hide_context(context);
        match got {
            Some(Ok(Response {
                status: _,
                headers,
                body,
            })) => {
                mask::headers(headers);
                mask::body(body);
            }
            Some(Err(Failure { kind: _, why })) => *why = mask::numbers(why),
            None => {}
        }
        *step = Err(NOT_REMADE.to_owned());
    }
}

fn redact_webhook(
    Heard {
        context,
        request,
        hearing,
    }: &mut Heard,
) {
    hide_context(context);
    let WebhookRequest {
        method: _,
        path,
        query,
        headers,
        body,
    } = request;
    *path = mask::numbers(path);
    *query = mask::query(query);
    mask::headers(headers);
    mask::body(body);
    *hearing = Err(NOT_REMADE.to_owned());
}

fn redact_bind(
    Bound {
        config,
        from: _,
        opened,
        turns,
    }: &mut Bound,
    frames: &dyn Frames,
) {
    hide_settings(&mut config.settings);
    *opened = Err(NOT_REMADE.to_owned());
    for turn in turns {
        match turn {
            Turn::Told { now: _, events, actions } => {
                for event in events {
                    hide_event(event, frames);
                }
                *actions = Err(NOT_REMADE.to_owned());
            }
            Turn::Moved { config, moved } => {
                hide_settings(&mut config.settings);
                *moved = Err(NOT_REMADE.to_owned());
            }
        }
    }
}

fn hide_event(event: &mut Event, frames: &dyn Frames) {
    match event {
        Event::Bound(bind) => frames.mask(&mut bind.frame),
        Event::Frame(frame) => frames.mask(frame),
        Event::OutOfStep(octets) => octets.iter_mut().skip(LENGTH_OCTETS).for_each(|octet| *octet = 0),
        Event::Deliver((_, delivery)) => hide_delivery(delivery),
        Event::Answered(_) | Event::Appended(_) | Event::Ended | Event::Tick | Event::Drain => {}
    }
}

fn hide_delivery(delivery: &mut Delivery) {
    match delivery {
        Delivery::Incoming(incoming) => {
            hide_address(&mut incoming.source);
            hide_address(&mut incoming.destination);
            match &mut incoming.body {
                Body::Text(text) => *text = mask::text(text),
                Body::Binary(octets) => octets.fill(0),
            }
            hide_elements(&mut incoming.udh);
            hide_tlvs(&mut incoming.tlvs);
            hide_metadata(&mut incoming.metadata);
        }
        Delivery::Receipt(receipt) => {
            hide_address(&mut receipt.source);
            hide_address(&mut receipt.destination);
            receipt.excerpt = mask::text(&receipt.excerpt);
        }
        Delivery::Alert(alert) => {
            hide_address(&mut alert.source);
            hide_address(&mut alert.destination);
        }
    }
}

fn hide_message(message: &mut Message) {
    hide_address(&mut message.source);
    hide_address(&mut message.destination);
    message.also_to.iter_mut().for_each(hide_address);
    hide_user_data_header(&mut message.udh);
    // A letter in every coding but UCS-2, where two are a sign.
    message.payload.fill(b'x');
    message.excerpt = mask::text(&message.excerpt);
    hide_tlvs(&mut message.tlvs);
    hide_metadata(&mut message.metadata);
}

/// Behind the length octet each element is an identifier, a length and so many octets.
fn hide_user_data_header(udh: &mut [u8]) {
    hide_elements(udh.get_mut(1..).unwrap_or_default());
}

fn hide_elements(mut rest: &mut [u8]) {
    while let [identifier, length, behind @ ..] = rest {
        let length = usize::from(*length).min(behind.len());
        let (element, next) = behind.split_at_mut(length);
        if !ELEMENTS_KEPT.contains(identifier) {
            element.fill(0);
        }
        rest = next;
    }
    rest.fill(0);
}

fn hide_address(address: &mut Address) {
    address.digits = mask::address(&address.digits);
}

fn hide_tlvs(tlvs: &mut [Tlv]) {
    for tlv in tlvs {
        tlv.value.fill(0);
    }
}

fn hide_metadata(metadata: &mut [Setting]) {
    for (_, value) in metadata {
        *value = mask::text(value);
    }
}

fn hide_context(context: &mut Context) {
    hide_settings(&mut context.settings);
    context.webhook_url = context.webhook_url.as_deref().map(mask::numbers);
    if let Some(memo) = &mut context.memo {
        mask::body(memo);
    }
}

fn hide_settings(settings: &mut [Setting]) {
    for (name, value) in settings {
        *name = mask::numbers(name);
        *value = mask::numbers(value);
    }
}

/// A recording that cannot be redacted: it begins with a saved session, and only the guest can read what that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irredeemable;

impl fmt::Display for Irredeemable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording that begins with a saved session cannot be redacted; one that begins with the bind can")
    }
}

impl Error for Irredeemable {}
