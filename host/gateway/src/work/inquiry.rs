//! What a session asks about messages that were accepted: what became of one, have it back, send another text instead. What has
//! not left is ours to change; about what has, the upstream is asked.

use super::{
    awaited,
    entry::{self, Note, Standing, Submission},
    lane::{Kind, Lane},
    receipts::{self, News},
    reports,
};
use crate::{
    account::Account,
    gateway::Gateway,
    limits::{INQUIRY_LEASE, LIST_PAGE, QUERY_WAIT, RECALL_POLL, RECALL_WAIT},
    tenant::Tenant,
    upstream,
};
use edgebind_ledger::{Appended, Claim, EntryId, LedgerError, NewEntry, Record, Settlement};
use edgebind_runtime::{
    message::{Address, Message, MessageState},
    session::{Answer, Cancel, Fate, Query, Question, Replacement},
    translator::{Operation, Outcome},
};
use std::sync::Arc;
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

/// Who asks.
#[derive(Clone)]
pub struct Asker {
    /// Where the messages are.
    pub gateway: Arc<Gateway>,
    /// Whose they are.
    pub tenant: Arc<Tenant>,
    /// The account that submitted them; nobody else is told of them.
    pub account: Arc<Account>,
}

/// A message of the account as it stands.
struct Known {
    record: Record,
    submission: Submission,
    note: Option<Note>,
}

/// What came of the wish to change a message.
enum Change {
    Done,
    TooLate,
    Unavailable,
}

impl From<Change> for Answer {
    fn from(change: Change) -> Self {
        match change {
            Change::Done => Answer::Done,
            Change::TooLate => Answer::TooLate,
            Change::Unavailable => Answer::Unavailable,
        }
    }
}

impl Asker {
    /// The answer; what it says is done is on the disk.
    pub async fn answer(&self, question: Question) -> Answer {
        let answered = match question {
            Question::Query(query) => self.query(query).await,
            Question::Cancel(cancel) => self.cancel(cancel).await,
            Question::Replace(replacement) => self.replace(replacement).await,
        };
        answered.unwrap_or_else(|error| {
            tracing::error!(tenant = %self.tenant.name, %error, "a question about a message could not be answered");
            Answer::Unavailable
        })
    }

    async fn query(&self, Query { id, source }: Query) -> Result<Answer, LedgerError> {
        let Some(known) = self.find(&id, source.as_ref())? else {
            return Ok(Answer::Unknown);
        };
        let mut standing = self.standing(&known)?;
        if let [leaf] = self.leaves(known)?.as_slice()
            && !standing.last
            && self.ask_upstream(leaf).await?
            && let Some(leaf) = self.known(leaf.record.id)?
        {
            standing = self.standing(&leaf)?;
        }
        Ok(Answer::Fate(Fate {
            state: standing.state,
            done: standing.last.then_some(standing.at),
            error: standing.error,
        }))
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Answer, LedgerError> {
        let Some(id) = &cancel.id else {
            return self.cancel_waiting(&cancel).await;
        };
        let Some(known) = self.find(id, cancel.source.as_ref())? else {
            return Ok(Answer::Unknown);
        };
        if !is_same(cancel.destination.as_ref(), &known.submission.message.destination) {
            return Ok(Answer::Unknown);
        }
        let mut answer = Change::Done;
        for leaf in self.leaves(known)? {
            match self.cancel_one(leaf).await? {
                Change::Done => {}
                other => answer = other,
            }
        }
        Ok(answer.into())
    }

    /// Cancels every message that has not left and matches.
    async fn cancel_waiting(&self, cancel: &Cancel) -> Result<Answer, LedgerError> {
        let wanted = cancel.clone();
        let matching = self
            .waiting(move |message| {
                is_same(wanted.source.as_ref(), &message.source)
                    && is_same(wanted.destination.as_ref(), &message.destination)
                    && wanted
                        .service_type
                        .as_ref()
                        .is_none_or(|wanted| *wanted == message.service_type)
            })
            .await?;
        let mut cancelled = 0;
        for id in matching {
            if let Some(claim) = self.gateway.ledger.claim_entry(id, INQUIRY_LEASE)? {
                self.withdraw(claim).await?;
                cancelled += 1;
            }
        }
        if cancelled == 0 {
            return Ok(Answer::Unknown);
        }
        self.gateway.ledger.sync().await?;
        Ok(Answer::Done)
    }

    async fn replace(&self, replacement: Replacement) -> Result<Answer, LedgerError> {
        let Some(known) = self.find(&replacement.id, replacement.source.as_ref())? else {
            return Ok(Answer::Unknown);
        };
        let mut leaves = self.leaves(known)?;
        let (Some(leaf), true) = (leaves.pop(), leaves.is_empty()) else {
            return Ok(Answer::TooLate);
        };
        // What was joined from several submits has no one text that could be replaced.
        if leaf.submission.message.part.is_some() || leaf.submission.members.len() > 1 {
            return Ok(Answer::TooLate);
        }
        let submission = replaced(&leaf.submission, leaf.record.id, leaf.record.appended, replacement);
        if let Some(claim) = self.gateway.ledger.claim_entry(leaf.record.id, INQUIRY_LEASE)? {
            // An attempt whose answer was lost may have left the old text with the upstream, which will not take another under its id.
            if claim.attempt > 1 {
                self.gateway.ledger.release(&[claim.id]);
                return Ok(Answer::TooLate);
            }
            self.put_in_place(claim, &submission).await?;
            return Ok(Answer::Done);
        }
        Ok(self.replace_recalled(leaf, submission).await?.into())
    }

    /// Takes the place of the latest message of the same source, destination and service_type that has not left; without one, it
    /// is appended.
    pub async fn submit_or_replace(&self, message: &Message, entry: NewEntry) -> Result<Vec<Appended>, LedgerError> {
        let like = message.clone();
        let matching = self
            .waiting(move |message| {
                message.source.digits == like.source.digits
                    && message.destination.digits == like.destination.digits
                    && message.service_type == like.service_type
            })
            .await?;
        for entry_id in matching.into_iter().rev() {
            if let Some(claim) = self.gateway.ledger.claim_entry(entry_id, INQUIRY_LEASE)? {
                if claim.attempt > 1 {
                    self.gateway.ledger.release(&[claim.id]);
                    continue;
                }
                let members = entry::decode::<Submission>(&claim.body).map(|submission| submission.members);
                let submission = Submission {
                    message: message.clone(),
                    members: members.unwrap_or_default(),
                };
                let id = submission.members.first().map_or(entry_id.as_u64(), |member| member.id);
                self.put_in_place(claim, &submission).await?;
                let id = EntryId::from_u64(id).unwrap_or(entry_id);
                return Ok(vec![Appended { id, fresh: false }]);
            }
        }
        self.gateway.ledger.append(vec![entry]).await
    }

    /// A message of this account, by the id that its ESME knows.
    fn find(&self, id: &str, source: Option<&Address>) -> Result<Option<Known>, LedgerError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(self
            .known(id)?
            .filter(|known| is_same(source, &known.submission.message.source)))
    }

    fn known(&self, id: EntryId) -> Result<Option<Known>, LedgerError> {
        let Some(record) = self.gateway.records.get(id)? else {
            return Ok(None);
        };
        let is_ours = Lane::parse(&record.lane).is_some_and(|lane| {
            lane.kind != Kind::Deliver && lane.tenant == self.tenant.name && lane.account == self.account.name
        });
        if !is_ours {
            return Ok(None);
        }
        Ok(entry::decode::<Submission>(&record.body).ok().map(|submission| Known {
            note: reports::note(&record),
            record,
            submission,
        }))
    }

    fn named(&self, id: u64) -> Result<Option<Known>, LedgerError> {
        EntryId::from_u64(id).map_or(Ok(None), |id| self.known(id))
    }

    /// The entries that a message goes on in: itself, the one it was joined into, or one for each destination.
    fn leaves(&self, known: Known) -> Result<Vec<Known>, LedgerError> {
        let mut open = vec![known];
        let mut leaves = Vec::new();
        while let Some(known) = open.pop() {
            let next = match &known.note {
                Some(Note::Joined(id)) => std::slice::from_ref(id),
                Some(Note::Split(ids)) => ids,
                _ => {
                    leaves.push(known);
                    continue;
                }
            };
            for id in next {
                open.extend(self.named(*id)?);
            }
        }
        Ok(leaves)
    }

    /// What is known of a message; of one with several destinations, what is still to come, else the worst of it.
    fn standing(&self, known: &Known) -> Result<Standing, LedgerError> {
        let ids = match &known.note {
            None => return Ok(Standing::taken(Vec::new(), known.record.appended)),
            Some(Note::Standing(standing)) => return Ok(standing.clone()),
            Some(Note::Joined(id)) => std::slice::from_ref(id),
            Some(Note::Split(ids)) => ids,
            Some(Note::Delivered | Note::Dead(_) | Note::Revived(_)) => &[],
        };
        let mut worst: Option<Standing> = None;
        for id in ids {
            let Some(next) = self.named(*id)? else { continue };
            let next = self.standing(&next)?;
            let is_worse = |worst: &Standing| worst.last && (!next.last || worst.state == MessageState::Delivered);
            if worst.as_ref().is_none_or(is_worse) {
                worst = Some(next);
            }
        }
        // Forgotten, or never readable.
        Ok(worst.unwrap_or(Standing {
            state: MessageState::Unknown,
            last: true,
            ..Standing::taken(Vec::new(), known.record.appended)
        }))
    }

    /// Asks the upstream what became of a message, if it has it and there is a place for the question; whether it knew.
    async fn ask_upstream(&self, leaf: &Known) -> Result<bool, LedgerError> {
        let Some(Note::Standing(standing)) = &leaf.note else {
            return Ok(false);
        };
        let Ok(_place) = self.tenant.places.clone().try_acquire_owned() else {
            return Ok(false);
        };
        if standing.upstream_ids.is_empty() {
            return Ok(false);
        }
        let operation = Operation::Query(standing.upstream_ids.clone());
        match timeout(QUERY_WAIT, self.run(leaf.record.id, operation)).await {
            Ok(Outcome::Known(reports)) => {
                reports::take(&self.gateway, &self.tenant, &self.account.name, &reports).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn cancel_one(&self, leaf: Known) -> Result<Change, LedgerError> {
        let id = leaf.record.id;
        if let Some(claim) = self.gateway.ledger.claim_entry(id, INQUIRY_LEASE)? {
            self.withdraw(claim).await?;
            self.gateway.ledger.sync().await?;
            return Ok(Change::Done);
        }
        match leaf.note {
            Some(Note::Standing(standing)) if standing.last => Ok(match standing.state {
                MessageState::Deleted => Change::Done,
                _ => Change::TooLate,
            }),
            Some(Note::Standing(standing)) if !standing.upstream_ids.is_empty() => self.recall(id, standing.upstream_ids).await,
            // It is being sent at this moment.
            _ => Ok(Change::Unavailable),
        }
    }

    /// Asks the upstream to have a message back. Done means that it is trying, or has done it.
    async fn recall(&self, id: EntryId, upstream_ids: Vec<String>) -> Result<Change, LedgerError> {
        match self.run(id, Operation::Cancel(upstream_ids)).await {
            Outcome::Taken(_) | Outcome::Pieces(_) => Ok(Change::Done),
            Outcome::Known(reports) => {
                reports::take(&self.gateway, &self.tenant, &self.account.name, &reports).await?;
                let is_deleted = reports
                    .iter()
                    .any(|report| report.final_ && report.state == MessageState::Deleted);
                Ok(if is_deleted { Change::Done } else { Change::TooLate })
            }
            Outcome::Dead(dead) => {
                tracing::debug!(tenant = %self.tenant.name, "not cancelled: {}", dead.why);
                Ok(Change::TooLate)
            }
            Outcome::Retry(retry) => {
                tracing::warn!(tenant = %self.tenant.name, "not cancelled for now: {}", retry.why);
                Ok(Change::Unavailable)
            }
        }
    }

    /// Replaces a message that the upstream has: it is cancelled there, and only when that is certain the other is sent. The ESME
    /// is not told of the cancellation, as its message lives on.
    async fn replace_recalled(&self, leaf: Known, submission: Submission) -> Result<Change, LedgerError> {
        let (id, Some(Note::Standing(standing))) = (leaf.record.id, leaf.note) else {
            return Ok(Change::Unavailable);
        };
        if standing.last || standing.upstream_ids.is_empty() {
            return Ok(Change::TooLate);
        }
        let until = self.gateway.clock.now() + crate::clock::millis(RECALL_WAIT);
        reports::amend(&self.gateway, id, |standing| standing.replacing_until = until).await?;
        let recalled = self.recall(id, standing.upstream_ids.clone()).await?;
        let mut now = self.noted(id)?;
        while matches!(recalled, Change::Done) && !now.last && self.gateway.clock.now() < until {
            sleep(RECALL_POLL).await;
            now = self.noted(id)?;
        }
        if !(now.last && now.state == MessageState::Deleted) {
            if !now.last {
                reports::amend(&self.gateway, id, |standing| standing.replacing_until = 0).await?;
            }
            return Ok(match recalled {
                Change::Unavailable => Change::Unavailable,
                Change::Done | Change::TooLate => Change::TooLate,
            });
        }
        let lane = Lane::new(Kind::Submit, &self.tenant.name, &self.account.name);
        let entry = NewEntry {
            lane: lane.name(),
            key: Some(format!("replaced/{id}").into_bytes()),
            due: submission.message.schedule,
            body: entry::encode(&submission),
            held: false,
        };
        let appended = self.gateway.ledger.append(vec![entry]).await?;
        let goes_on = appended.first().map_or(id, |entry| entry.id);
        self.gateway
            .ledger
            .annotate(id, entry::encode(&Note::Joined(goes_on.as_u64())), Vec::new())
            .await?;
        self.gateway.workers.ensure(&self.gateway, lane);
        Ok(Change::Done)
    }

    fn noted(&self, id: EntryId) -> Result<Standing, LedgerError> {
        match self.known(id)? {
            Some(known) => self.standing(&known),
            None => Ok(Standing::taken(Vec::new(), 0)),
        }
    }

    /// Settles a message that will not be sent, with the receipts that say so.
    async fn withdraw(&self, claim: Claim) -> Result<(), LedgerError> {
        let news = News::deleted(self.gateway.clock.now());
        if let Ok(submission) = entry::decode::<Submission>(&claim.body) {
            let lane = Lane::new(Kind::Deliver, &self.tenant.name, &self.account.name);
            let receipts = receipts::receipts(&lane, claim.id, claim.appended, &submission, news);
            self.gateway.append(receipts).await?;
            awaited::came(&self.gateway, claim.id).await?;
        }
        let dead = Settlement::Dead {
            note: entry::encode(&Note::Standing(news.standing())),
        };
        self.gateway.ledger.settle(vec![(claim, dead)]).await
    }

    async fn put_in_place(&self, claim: Claim, submission: &Submission) -> Result<(), LedgerError> {
        let replace = Settlement::Replace {
            body: entry::encode(submission),
            due: submission.message.schedule,
        };
        self.gateway.ledger.settle(vec![(claim, replace)]).await?;
        self.gateway.ledger.sync().await
    }

    /// The account's whole messages that wait to be sent and match, the oldest first.
    async fn waiting(&self, matches: impl Fn(&Message) -> bool + Send + 'static) -> Result<Vec<EntryId>, LedgerError> {
        let records = self.gateway.records.clone();
        let lane = Lane::new(Kind::Submit, &self.tenant.name, &self.account.name).name();
        let scan = move || {
            let (mut matching, mut after) = (Vec::new(), None);
            loop {
                let page = records.list(&lane, after, LIST_PAGE)?;
                let Some(last) = page.last() else { return Ok(matching) };
                after = Some(last.id);
                matching.extend(page.iter().filter_map(|record| {
                    let submission = entry::decode::<Submission>(&record.body).ok()?;
                    (submission.members.len() <= 1 && matches(&submission.message)).then_some(record.id)
                }));
            }
        };
        spawn_blocking(scan).await.expect("a scan does not panic")
    }

    async fn run(&self, id: EntryId, operation: Operation) -> Outcome {
        upstream::run(&self.gateway, &self.tenant, &self.account, &id.to_string(), 1, operation).await
    }
}

/// Whether an address that was named is this one.
fn is_same(named: Option<&Address>, address: &Address) -> bool {
    named.is_none_or(|named| named.digits == address.digits)
}

/// The message with another text, under the id that it was answered with.
fn replaced(submission: &Submission, id: EntryId, submitted: u64, replacement: Replacement) -> Submission {
    let message = Message {
        schedule: replacement.schedule.or(submission.message.schedule),
        validity: replacement.validity.or(submission.message.validity),
        receipts: replacement.receipts,
        payload: replacement.payload,
        // It is the beginning of another text now, in a coding that only sessions read.
        excerpt: String::new(),
        ..submission.message.clone()
    };
    let (id, submitted) = submission
        .members
        .first()
        .map_or((id.as_u64(), submitted), |member| (member.id, member.submitted));
    Submission {
        members: vec![entry::Member::new(id, submitted, &message)],
        message,
    }
}
