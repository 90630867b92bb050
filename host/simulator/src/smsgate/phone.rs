//! The phone: takes a message through its states at the configured pace and tells of it by webhooks.

use std::sync::Arc;
use std::time::Duration;

use edgebind_smpp::text::{self, Alphabet, Coding};

use super::config::Fate;
use super::event::Outgoing;
use super::message::State;
use super::world::World;
use crate::clock;

const EXPIRED: &str = "TTL expired";

/// Octets of the header that numbers the parts.
const UDH_LEN: usize = 6;

/// One move of one recipient, and what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    from: State,
    to: State,
    error: Option<String>,
    events: Vec<Outgoing>,
}

/// What will happen to a message of so many parts.
fn script(fate: &Fate, reported: bool, parts: usize, sent_per_part: bool) -> Vec<Step> {
    let processed = Step {
        from: State::Pending,
        to: State::Processed,
        error: None,
        events: Vec::new(),
    };
    let sent_events = vec![Outgoing::Sent { parts }; if sent_per_part { parts } else { 1 }];
    let sent = Step {
        from: State::Processed,
        to: State::Sent,
        error: None,
        events: sent_events,
    };
    let failed = |from, reason: &str| Step {
        from,
        to: State::Failed,
        error: Some(reason.to_owned()),
        events: vec![Outgoing::Failed {
            reason: reason.to_owned(),
        }],
    };
    match fate {
        Fate::Delivered | Fate::Unstoppable if reported => {
            let events = vec![Outgoing::Delivered; parts];
            let delivered = Step {
                from: State::Sent,
                to: State::Delivered,
                error: None,
                events,
            };
            vec![processed, sent, delivered]
        }
        Fate::Delivered | Fate::Unstoppable | Fate::Sent => vec![processed, sent],
        Fate::Processed => vec![processed],
        Fate::Pending => Vec::new(),
        Fate::Failed(reason) => vec![processed, failed(State::Processed, reason)],
        Fate::Undelivered(reason) if reported => vec![processed, sent, failed(State::Sent, reason)],
        Fate::Undelivered(_) => vec![processed, sent],
        Fate::Expired => vec![failed(State::Pending, EXPIRED)],
    }
}

/// How many short messages the text makes, as Android divides it.
fn parts(text: Option<&str>) -> usize {
    let Some(text) = text else {
        return 1;
    };
    let (_, charset) = text::choose(Alphabet::Gsm, text);
    let coding = Coding::Text(charset);
    let encoded = text::encode(charset, text).unwrap_or_default();
    match encoded.len() <= text::capacity(coding, 0) {
        true => 1,
        false => text::split(charset, &encoded, text::capacity(coding, UDH_LEN)).count(),
    }
}

/// Takes one recipient of a stored message to its end.
pub(crate) async fn carry(world: Arc<World>, message: usize, recipient: usize) {
    let Some(plan) = world.message(message, |message| {
        let number = message.recipients[recipient].number.clone();
        let reported = message.submission.with_delivery_report.unwrap_or(true);
        (
            number,
            reported,
            parts(message.submission.text()),
            message.submission.scheduled_ms(),
            message.expires_ms(),
        )
    }) else {
        return;
    };
    let (number, reported, parts, scheduled_ms, expires_ms) = plan;
    if let Some(scheduled_ms) = scheduled_ms {
        tokio::time::sleep(Duration::from_millis(scheduled_ms.saturating_sub(clock::now_ms()))).await;
    }
    let fate = world.config.fate_of(&number);
    for step in script(fate, reported, parts, world.config.sent_per_part) {
        world.stay(step.from).await;
        if step.from == State::Pending && expires_ms.is_some_and(|expires_ms| expires_ms <= clock::now_ms()) {
            if world.advance(message, recipient, State::Pending, State::Failed, Some(EXPIRED)) {
                world.tell(message, recipient, &Outgoing::Failed { reason: EXPIRED.into() });
            }
            return;
        }
        let advance = |from| world.advance(message, recipient, from, step.to, step.error.as_deref());
        let overtaken = || *fate == Fate::Unstoppable && step.from == State::Pending && advance(State::Cancelling);
        if !(advance(step.from) || overtaken()) {
            return;
        }
        for event in &step.events {
            world.tell(message, recipient, event);
        }
    }
}

/// Confirms a cancellation, where the phone is on to hear of it and has not begun.
pub(crate) async fn cancel(world: Arc<World>, message: usize) {
    world.stay(State::Cancelling).await;
    let numbers = world
        .message(message, |message| {
            message
                .recipients
                .iter()
                .map(|recipient| recipient.number.clone())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    for (recipient, number) in numbers.iter().enumerate() {
        if !matches!(world.config.fate_of(number), Fate::Pending | Fate::Unstoppable)
            && world.advance(message, recipient, State::Cancelling, State::Cancelled, None)
        {
            world.tell(message, recipient, &Outgoing::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::script;
    use crate::smsgate::config::Fate;

    #[test]
    fn each_fate_has_its_way() {
        let rows = [
            (
                Fate::Delivered,
                true,
                1,
                false,
                "Processed Sent+sms:sent Delivered+sms:delivered",
            ),
            (Fate::Delivered, false, 1, false, "Processed Sent+sms:sent"),
            (
                Fate::Delivered,
                true,
                2,
                false,
                "Processed Sent+sms:sent Delivered+sms:delivered+sms:delivered",
            ),
            (
                Fate::Delivered,
                true,
                2,
                true,
                "Processed Sent+sms:sent+sms:sent Delivered+sms:delivered+sms:delivered",
            ),
            (Fate::Sent, true, 1, false, "Processed Sent+sms:sent"),
            (Fate::Processed, true, 1, false, "Processed"),
            (Fate::Pending, true, 1, false, ""),
            (Fate::Failed("x".into()), true, 1, false, "Processed Failed+sms:failed"),
            (
                Fate::Undelivered("x".into()),
                true,
                1,
                false,
                "Processed Sent+sms:sent Failed+sms:failed",
            ),
            (Fate::Undelivered("x".into()), false, 1, false, "Processed Sent+sms:sent"),
            (Fate::Expired, true, 1, false, "Failed+sms:failed"),
            (
                Fate::Unstoppable,
                true,
                1,
                false,
                "Processed Sent+sms:sent Delivered+sms:delivered",
            ),
        ];
        for (fate, reported, parts, sent_per_part, expected) in rows {
            let steps: Vec<String> = script(&fate, reported, parts, sent_per_part)
                .iter()
                .map(|step| {
                    let events: String = step.events.iter().map(|event| format!("+{}", event.name())).collect();
                    format!("{}{events}", step.to)
                })
                .collect();
            assert_eq!(steps.join(" "), expected, "{fate:?}");
        }
    }
}
