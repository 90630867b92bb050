//! Messages for several destinations: durable and answered as one, and made here into one for each, so that everything behind
//! sees one destination at a time.

use super::{
    deliveries,
    entry::{self, Member, Note, Submission},
    lane::{Kind, Lane},
};
use crate::{gateway::Gateway, limits::SUBMIT_LEASE};
use edgebind_ledger::{Claim, EntryId, LedgerError, NewEntry, Settlement};
use edgebind_runtime::message::{Address, Message};
use std::{sync::Arc, time::Duration};

/// Claims what an account submitted to several destinations. Returns when the gateway drains or when nothing came for `idle`.
pub async fn fan_out(gateway: &Arc<Gateway>, lane: &Lane, idle: Duration) -> Result<(), LedgerError> {
    let name = lane.name();
    loop {
        let claims = tokio::select! {
            claims = gateway.ledger.claim(&name, 1, SUBMIT_LEASE) => claims?,
            () = tokio::time::sleep(idle) => return Ok(()),
            () = gateway.draining.cancelled() => return Ok(()),
        };
        for claim in claims {
            match entry::decode::<Submission>(&claim.body) {
                Ok(submission) => split(gateway, lane, claim, &submission.message).await?,
                Err(error) => {
                    tracing::error!(entry = %claim.id, %error, "a submission cannot be read");
                    deliveries::settle(gateway, vec![(claim, deliveries::given_up(error.to_string()))]);
                }
            }
        }
    }
}

/// Appends the messages, then settles. A crash in between does it again, with the same keys.
async fn split(gateway: &Arc<Gateway>, lane: &Lane, claim: Claim, message: &Message) -> Result<(), LedgerError> {
    let kind = if message.part.is_some() { Kind::Parts } else { Kind::Submit };
    let target = Lane { kind, ..lane.clone() };
    let appended = gateway
        .ledger
        .append(entries(&target, claim.id, claim.appended, message))
        .await?;
    gateway.workers.ensure(gateway, target);
    let note = Note::Split(appended.iter().map(|entry| entry.id.as_u64()).collect());
    let done = Settlement::Done {
        note: entry::encode(&note),
        aliases: Vec::new(),
    };
    gateway.ledger.settle(vec![(claim, done)]).await
}

/// One entry for each destination, each with the message id that all of them share.
fn entries(lane: &Lane, id: EntryId, submitted: u64, message: &Message) -> Vec<NewEntry> {
    let name = lane.name();
    let entry = |(number, destination): (usize, &Address)| {
        let message = Message {
            destination: destination.clone(),
            also_to: Vec::new(),
            ..message.clone()
        };
        let members = vec![Member::new(id.as_u64(), submitted, &message)];
        NewEntry {
            lane: name.clone(),
            key: Some(format!("multi/{id}/{number}").into_bytes()),
            due: message.schedule,
            body: entry::encode(&Submission { message, members }),
            held: false,
        }
    };
    let destinations = [&message.destination].into_iter().chain(&message.also_to);
    destinations.enumerate().map(entry).collect()
}
