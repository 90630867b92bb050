//! The one thread that writes: takes everything that waits, makes one batch of it, commits once, and only then
//! tells anybody. A batch is synced when it holds an append or somebody asked; settlements alone can wait for the next.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Shared;
use super::group::Group;
use crate::limits::{GATHER_MAX, GROUP_BYTES_MAX, GROUP_MAX};
use crate::{Appended, Claim, EntryId, LedgerError, NewEntry, Result, Settlement};

/// What callers ask of the writer. `now` is the caller's: a test's clock may be told to one thread only.
pub(super) enum Command {
    Append {
        now: crate::Instant,
        batch: Vec<NewEntry>,
        reply: oneshot::Sender<Result<Vec<Appended>>>,
    },
    Settle {
        now: crate::Instant,
        settlements: Vec<(Claim, Settlement)>,
        reply: oneshot::Sender<Result<()>>,
    },
    Annotate {
        id: EntryId,
        note: Bytes,
        aliases: Vec<Vec<u8>>,
        reply: oneshot::Sender<Result<bool>>,
    },
    Sync {
        reply: oneshot::Sender<Result<()>>,
    },
}

impl Command {
    /// What it adds to a group: a count, and octets.
    fn weight(&self) -> (usize, usize) {
        match self {
            Self::Append { batch, .. } => (batch.len(), batch.iter().map(|entry| entry.body.len()).sum()),
            Self::Settle { settlements, .. } => (settlements.len(), settlements.iter().map(replaced_octets).sum()),
            Self::Annotate { note, .. } => (1, note.len()),
            Self::Sync { .. } => (0, 0),
        }
    }
}

fn replaced_octets((_, settlement): &(Claim, Settlement)) -> usize {
    match settlement {
        Settlement::Replace { body, .. } => body.len(),
        Settlement::Done { .. } | Settlement::Retry { .. } | Settlement::Dead { .. } => 0,
    }
}

/// Writes until the queue is closed and empty, then syncs.
pub(super) fn run(shared: &Shared) -> Result<()> {
    let mut commands = Vec::new();
    let (mut expected, mut took) = (0, Duration::ZERO);
    loop {
        shared.queue.gather(expected, took.min(GATHER_MAX));
        let (mut count, mut octets) = (0, 0);
        let more = |command: &Command| {
            let (entries, bodies) = command.weight();
            count += entries;
            octets += bodies;
            count < GROUP_MAX && octets < GROUP_BYTES_MAX
        };
        if !shared.queue.receive(&mut commands, more) {
            break;
        }
        let began = Instant::now();
        let answered = commands.len();
        expected = answered + write_group(shared, commands.drain(..));
        took = began.elapsed() / 2;
    }
    shared.pen().check()?;
    shared.disk.sync()?;
    shared.disk.is_whole();
    Ok(())
}

/// Says how many waited when the answers were given.
fn write_group(shared: &Shared, commands: impl Iterator<Item = Command>) -> usize {
    let mut pen = shared.pen();
    let mut group = Group::new(shared, &mut pen);
    let mut replies = Vec::new();
    for command in commands {
        match command {
            Command::Append { now, batch, reply } => match group.append(batch, now) {
                Ok(appended) => replies.push(Reply::Appended(reply, appended)),
                Err(error) => refuse(reply, error),
            },
            Command::Settle { now, settlements, reply } => match group.settle(settlements, now) {
                Ok(lost) => replies.push(Reply::Settled(reply, lost)),
                Err(error) => refuse(reply, error),
            },
            Command::Annotate {
                id,
                note,
                aliases,
                reply,
            } => match group.annotate(id, note, &aliases) {
                Ok(known) => replies.push(Reply::Annotated(reply, known)),
                Err(error) => refuse(reply, error),
            },
            Command::Sync { reply } => {
                group.sync();
                replies.push(Reply::Synced(reply));
            }
        }
    }
    group.commit(|committed| {
        let waiting = shared.queue.waiting();
        for reply in replies {
            reply.send(committed);
        }
        waiting
    })
}

/// Answers a command of which nothing was taken. Whoever asked may have gone.
fn refuse<T>(reply: oneshot::Sender<Result<T>>, error: LedgerError) {
    drop(reply.send(Err(error)));
}

/// An answer that waits for the commit. Whoever asked may have gone.
enum Reply {
    Appended(oneshot::Sender<Result<Vec<Appended>>>, Vec<Appended>),
    Settled(oneshot::Sender<Result<()>>, Vec<EntryId>),
    Annotated(oneshot::Sender<Result<bool>>, bool),
    Synced(oneshot::Sender<Result<()>>),
}

impl Reply {
    fn send(self, committed: &Result<()>) {
        match self {
            Self::Appended(reply, appended) => drop(reply.send(committed.clone().map(|()| appended))),
            Self::Settled(reply, lost) => {
                let found = if lost.is_empty() {
                    Ok(())
                } else {
                    Err(LedgerError::LeaseLost { ids: lost })
                };
                drop(reply.send(committed.clone().and(found)));
            }
            Self::Annotated(reply, known) => drop(reply.send(committed.clone().map(|()| known))),
            Self::Synced(reply) => drop(reply.send(committed.clone())),
        }
    }
}
