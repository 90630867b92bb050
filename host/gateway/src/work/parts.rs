//! Long messages: parts are durable and answered one by one, and joined here, across binds and in any order, so that the
//! translator sees one message. [`Assembly`] decides; [`assemble`] does it.

use super::{
    deliveries,
    entry::{self, Member, Note, Submission},
    lane::{Kind, Lane},
    receipts::{self, News},
};
use crate::{
    clock::{Clock, millis},
    config::PartsPolicy,
    gateway::Gateway,
    limits::CLAIMS_MAX,
    tenant::Tenant,
};
use edgebind_ledger::{Claim, EntryId, LedgerError, NewEntry, Settlement};
use edgebind_runtime::message::{Address, Message, MessageState, PartScheme};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

/// Claims the parts of one account as they come, joins them, and settles what never becomes whole.
/// Returns when the gateway drains or when nothing came for `idle`.
pub async fn assemble(gateway: &Arc<Gateway>, tenant: &Arc<Tenant>, lane: &Lane, idle: Duration) -> Result<(), LedgerError> {
    let timeout = tenant.config().parts_timeout;
    // A part is claimed for as long as its group may wait; restarting is what gives it back earlier.
    let lease = timeout.saturating_mul(2).saturating_add(Duration::from_secs(60));
    let (name, submit) = (lane.name(), Lane::new(Kind::Submit, &lane.tenant, &lane.account));
    let mut assembly = Assembly::new(millis(timeout));
    let mut held: HashMap<EntryId, Claim> = HashMap::new();
    loop {
        let deadline = assembly.deadline();
        let claims = tokio::select! {
            claims = gateway.ledger.claim(&name, CLAIMS_MAX, lease) => claims?,
            () = until(gateway.clock, deadline), if deadline.is_some() => Vec::new(),
            () = tokio::time::sleep(idle), if deadline.is_none() => return Ok(()),
            () = gateway.draining.cancelled() => {
                gateway.ledger.release(&held.into_keys().collect::<Vec<_>>());
                return Ok(());
            }
        };
        let now = gateway.clock.now();
        let mut groups = Vec::new();
        for claim in claims {
            match entry::decode::<Submission>(&claim.body) {
                Ok(submission) => groups.extend(assembly.add(now, Piece::new(claim.id, claim.appended, submission))),
                Err(error) => {
                    tracing::error!(entry = %claim.id, %error, "a part cannot be read");
                    deliveries::settle(gateway, vec![(claim, deliveries::given_up(error.to_string()))]);
                    continue;
                }
            }
            held.insert(claim.id, claim);
        }
        groups.extend(assembly.expire(now));
        for group in groups {
            let claims = group.ids().filter_map(|id| held.remove(&id)).collect();
            finish(gateway, tenant, &submit, group, claims).await?;
        }
    }
}

async fn until(clock: Clock, at: Option<u64>) {
    if let Some(at) = at {
        tokio::time::sleep_until(clock.instant(at)).await;
    }
}

/// Appends what follows from a group, then settles its parts. A crash in between does it again, with the same keys.
async fn finish(
    gateway: &Arc<Gateway>,
    tenant: &Tenant,
    submit: &Lane,
    group: Group,
    parts: Vec<Claim>,
) -> Result<(), LedgerError> {
    let whole = group.is_whole();
    let joined = if whole || tenant.config().parts_policy == PartsPolicy::Send {
        group.join()
    } else {
        Err(format!(
            "{} of {} parts came within {} s",
            group.parts.len(),
            group.total,
            tenant.config().parts_timeout.as_secs()
        ))
    };
    let note = match joined {
        Ok(submission) => {
            let first = group.ids().min().expect("a group has a part");
            let entry = NewEntry {
                lane: submit.name(),
                key: Some(format!("joined/{first}").into_bytes()),
                body: entry::encode(&submission),
                due: submission.message.schedule,
                held: false,
            };
            let appended = gateway.ledger.append(vec![entry]).await?;
            Settlement::Done {
                note: entry::encode(&Note::Joined(appended[0].id.as_u64())),
                aliases: Vec::new(),
            }
        }
        Err(why) => {
            tracing::warn!(parts = parts.len(), "a long message is given up: {why}");
            metrics::counter!("edgebind_parts_expired_total", "tenant" => tenant.name.clone()).increment(parts.len() as u64);
            let news = News {
                state: MessageState::Undeliverable,
                last: true,
                error: 0,
                at: gateway.clock.now(),
            };
            let deliver = submit.deliver();
            let receipts = group.all().flat_map(|piece| {
                let part = Submission {
                    message: piece.message.clone(),
                    members: vec![piece.member()],
                };
                receipts::receipts(&deliver, piece.entry, piece.submitted, &part, news)
            });
            gateway.append(receipts.collect()).await?;
            Settlement::Dead {
                note: entry::encode(&Note::Standing(news.standing())),
            }
        }
    };
    gateway
        .ledger
        .settle(parts.into_iter().map(|claim| (claim, note.clone())).collect())
        .await
}

/// What the parts of one long message have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: (u8, u8, String),
    destination: (u8, u8, String),
    scheme: &'static str,
    reference: u16,
    total: u8,
}

/// A part, and what its submit_sm was answered with.
#[derive(Debug)]
pub struct Piece {
    entry: EntryId,
    id: u64,
    submitted: u64,
    message: Message,
}

impl Piece {
    /// The part of this entry. One that is a destination of a submit_multi was answered with that one's id.
    pub fn new(entry: EntryId, appended: u64, submission: Submission) -> Self {
        let (id, submitted) = submission
            .members
            .first()
            .map_or((entry.as_u64(), appended), |member| (member.id, member.submitted));
        Self {
            entry,
            id,
            submitted,
            message: submission.message,
        }
    }

    fn member(&self) -> Member {
        Member::new(self.id, self.submitted, &self.message)
    }
}

/// Parts that belong together: by index, each with all that came for it, the latest last.
#[derive(Debug)]
pub struct Group {
    deadline: u64,
    total: u8,
    parts: BTreeMap<u8, Vec<Piece>>,
}

impl Group {
    fn is_whole(&self) -> bool {
        self.parts.len() == usize::from(self.total)
    }

    fn all(&self) -> impl Iterator<Item = &Piece> {
        self.parts.values().flatten()
    }

    fn ids(&self) -> impl Iterator<Item = EntryId> {
        self.all().map(|piece| piece.entry)
    }

    /// One message of what is here, in the order of the parts; of several that came for one place, the latest.
    fn join(&self) -> Result<Submission, String> {
        let mut latest = self.parts.values().filter_map(|part| part.last()).map(|piece| &piece.message);
        let mut message = latest.next().cloned().ok_or("no part came")?;
        for part in latest {
            if part.data_coding != message.data_coding {
                return Err(format!(
                    "its parts have data_coding {:#04x} and {:#04x}",
                    message.data_coding, part.data_coding
                ));
            }
            message.payload.extend_from_slice(&part.payload);
            message.receipts.success |= part.receipts.success;
            message.receipts.failure |= part.receipts.failure;
            message.receipts.intermediate |= part.receipts.intermediate;
        }
        message.part = None;
        let mut pieces: Vec<&Piece> = self.all().collect();
        pieces.sort_by_key(|piece| piece.entry);
        let members = pieces.into_iter().map(Piece::member).collect();
        Ok(Submission { message, members })
    }
}

/// The long messages of one account that are not whole yet.
#[derive(Debug)]
pub struct Assembly {
    timeout_ms: u64,
    groups: HashMap<Key, Group>,
}

impl Assembly {
    /// Groups wait for `timeout_ms` from the time their first part is seen: parts that waited here through a restart
    /// give the rest of their message the same time again.
    pub fn new(timeout_ms: u64) -> Self {
        Self {
            timeout_ms,
            groups: HashMap::new(),
        }
    }

    /// Puts a part in its place; the group, if that made it whole. A message that is no part is a group of its own.
    pub fn add(&mut self, now: u64, piece: Piece) -> Option<Group> {
        let message = &piece.message;
        let Some(part) = message.part else {
            return Some(Group {
                deadline: now,
                total: 1,
                parts: BTreeMap::from([(1, vec![piece])]),
            });
        };
        let address = |address: &Address| (address.ton, address.npi, address.digits.clone());
        let key = Key {
            source: address(&message.source),
            destination: address(&message.destination),
            scheme: match part.scheme {
                PartScheme::Udh8 => "udh8",
                PartScheme::Udh16 => "udh16",
                PartScheme::Sar => "sar",
            },
            reference: part.reference,
            total: part.total,
        };
        let deadline = now.saturating_add(self.timeout_ms);
        let group = self.groups.entry(key.clone()).or_insert_with(|| Group {
            deadline,
            total: part.total,
            parts: BTreeMap::new(),
        });
        group.parts.entry(part.index).or_default().push(piece);
        if group.is_whole() { self.groups.remove(&key) } else { None }
    }

    /// When the next group is over.
    pub fn deadline(&self) -> Option<u64> {
        self.groups.values().map(|group| group.deadline).min()
    }

    /// Takes out the groups that are over.
    pub fn expire(&mut self, now: u64) -> Vec<Group> {
        self.groups
            .extract_if(|_, group| group.deadline <= now)
            .map(|(_, group)| group)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::samples;
    use edgebind_runtime::message::{Part, Receipts};

    const TIMEOUT_MS: u64 = 1_000;

    fn id(number: u64) -> EntryId {
        number.to_string().parse().unwrap()
    }

    fn piece(number: u64, appended: u64, message: Message) -> Piece {
        Piece::new(id(number), appended, Submission::new(message))
    }

    /// Part `index` of `total` with this text; `reference` 0 makes it no part.
    fn part(reference: u16, index: u8, total: u8, text: &str) -> Message {
        let address = |digits: &str| Address {
            ton: 1,
            npi: 1,
            digits: digits.into(),
        };
        Message {
            source: address("100"),
            destination: address("447700900123"),
            receipts: Receipts {
                success: index == 1,
                failure: false,
                intermediate: false,
            },
            udh: vec![5, 0, 3, reference as u8, total, index],
            payload: text.as_bytes().to_vec(),
            part: (reference > 0).then_some(Part {
                scheme: PartScheme::Udh8,
                reference,
                index,
                total,
            }),
            ..samples::message()
        }
    }

    fn text(group: &Group) -> String {
        String::from_utf8(group.join().unwrap().message.payload).unwrap()
    }

    #[test]
    fn parts_join_in_any_order() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        assert!(assembly.add(0, piece(3, 0, part(7, 3, 3, "c"))).is_none());
        assert!(assembly.add(0, piece(1, 0, part(7, 1, 3, "a"))).is_none());
        let whole = assembly.add(0, piece(2, 0, part(7, 2, 3, "b"))).unwrap();
        assert_eq!(text(&whole), "abc");
        let joined = whole.join().unwrap();
        assert_eq!(joined.members.iter().map(|member| member.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(joined.message.receipts.success && joined.message.part.is_none());
        assert_eq!(assembly.deadline(), None);
    }

    #[test]
    fn a_duplicate_takes_the_place_and_both_are_members() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        assembly.add(0, piece(1, 0, part(7, 1, 2, "old")));
        assembly.add(0, piece(2, 0, part(7, 1, 2, "new")));
        let whole = assembly.add(0, piece(3, 0, part(7, 2, 2, "!"))).unwrap();
        assert_eq!(text(&whole), "new!");
        assert_eq!(whole.join().unwrap().members.len(), 3);
    }

    #[test]
    fn messages_with_other_references_or_addresses_stay_apart() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        let mut elsewhere = part(7, 2, 2, "b");
        elsewhere.destination.digits = "447700900999".into();
        assert!(assembly.add(0, piece(1, 0, part(7, 1, 2, "a"))).is_none());
        assert!(assembly.add(0, piece(2, 0, part(8, 2, 2, "b"))).is_none());
        assert!(assembly.add(0, piece(3, 0, elsewhere)).is_none());
        assert!(assembly.add(0, piece(4, 0, part(7, 2, 3, "b"))).is_none());
    }

    #[test]
    fn a_part_that_never_comes_ends_its_group_alone() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        assembly.add(0, piece(1, 0, part(7, 1, 2, "a")));
        assembly.add(500, piece(2, 500, part(8, 1, 2, "x")));
        assert_eq!(assembly.deadline(), Some(TIMEOUT_MS));
        assert!(assembly.expire(TIMEOUT_MS - 1).is_empty());
        let over = assembly.expire(TIMEOUT_MS);
        assert_eq!(over.len(), 1);
        assert!(!over[0].is_whole());
        assert_eq!(over[0].ids().collect::<Vec<_>>(), [id(1)]);
        assert_eq!(assembly.deadline(), Some(500 + TIMEOUT_MS));
    }

    #[test]
    fn parts_in_different_codings_do_not_join() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        assembly.add(0, piece(1, 0, part(7, 1, 2, "a")));
        let whole = assembly
            .add(
                0,
                piece(
                    2,
                    0,
                    Message {
                        data_coding: 8,
                        ..part(7, 2, 2, "b")
                    },
                ),
            )
            .unwrap();
        assert_eq!(whole.join().unwrap_err(), "its parts have data_coding 0x00 and 0x08");
    }

    #[test]
    fn destinations_of_one_submit_multi_keep_its_id() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        let of_multi = |entry: u64, multi: u64, index: u8| {
            let message = part(7, index, 2, "a");
            let members = vec![Member::new(multi, 5, &message)];
            Piece::new(id(entry), 9, Submission { message, members })
        };
        assembly.add(0, of_multi(11, 1, 1));
        let joined = assembly.add(0, of_multi(12, 2, 2)).unwrap().join().unwrap();
        let members: Vec<(u64, u64)> = joined.members.iter().map(|member| (member.id, member.submitted)).collect();
        assert_eq!(members, [(1, 5), (2, 5)]);
    }

    #[test]
    fn a_message_that_is_no_part_is_whole() {
        let mut assembly = Assembly::new(TIMEOUT_MS);
        let whole = assembly.add(0, piece(1, 0, part(0, 1, 1, "alone"))).unwrap();
        assert!(whole.is_whole());
        assert_eq!(text(&whole), "alone");
    }
}
