//! Every row of a ledger against the others that it must agree with, and every entry given out as far as it can be read.

use std::collections::HashSet;

use bytes::Bytes;
use fjall::{Keyspace, Slice};

use super::Shadow;
use super::disk::Disk;
use super::row::{EntryRow, PendingRow, SettledRow, read_aliases, read_id, read_lane};
use crate::maintenance::{Exported, Report};
use crate::{EntryId, Record, Result, State};

/// Gives out every entry, and reports all that is damaged.
pub(crate) fn audit(shadow: &Shadow, each: &mut dyn FnMut(Exported)) -> Report {
    let mut report = Report::default();
    let damage = shadow.damage.iter();
    damage.for_each(|what| report.damaged(what.clone()));
    if let Some(disk) = shadow.disk() {
        Audit {
            disk,
            report: &mut report,
            seen: HashSet::new(),
        }
        .run(each);
    }
    report
}

struct Audit<'a> {
    disk: &'a Disk,
    report: &'a mut Report,
    /// Entries that were given out.
    seen: HashSet<EntryId>,
}

impl Audit<'_> {
    fn run(mut self, each: &mut dyn FnMut(Exported)) {
        let disk = self.disk;
        let mut highest = None;
        self.rows(&disk.entries, "entries", |audit, key, row| {
            let (id, entry) = (read_id(key)?, EntryRow::read(row)?);
            highest = highest.max(Some(id));
            audit.entry(id, Some(&entry), each);
            Ok(())
        });
        for (table, name) in [(&disk.pending, "pending"), (&disk.settled, "settled")] {
            self.rows(table, name, |audit, key, row| {
                let id = read_id(key)?;
                let lane = match name {
                    "pending" => Some(PendingRow::read(row)?.lane),
                    _ => None,
                };
                let found = disk.with_entry(id, |entry| {
                    if lane.is_some_and(|lane| lane != entry.lane) {
                        let what = format!("entry {id} waits in another lane than it was appended to");
                        audit.report.damaged(what);
                    }
                    // Beside a row that cannot be read, one that can may have been passed over.
                    if !audit.seen.contains(&id) {
                        audit.entry(id, Some(&entry), each);
                    }
                });
                if !matches!(found, Ok(Some(()))) && !audit.seen.contains(&id) {
                    audit.report.damaged(format!("entry {id} has lost its body"));
                    audit.entry(id, None, each);
                }
                Ok(())
            });
        }
        self.names();
        match disk.highest() {
            Ok(noted) if noted >= highest => {}
            _ => self.report.damaged("the highest id ever given is not known".to_owned()),
        }
    }

    /// One entry, with what the other tables say of it.
    fn entry(&mut self, id: EntryId, entry: Option<&EntryRow<'_>>, each: &mut dyn FnMut(Exported)) {
        self.seen.insert(id);
        let pending = self.standing(id, &self.disk.pending, |row| {
            let row = PendingRow::read(row)?;
            Ok((
                State::Waiting,
                row.lane.to_owned(),
                row.appended,
                row.attempt,
                row.due,
                row.note.to_vec(),
                Vec::new(),
            ))
        });
        let settled = self.standing(id, &self.disk.settled, |row| {
            let row = SettledRow::read(row)?;
            let state = if row.dead { State::Dead } else { State::Done };
            let aliases = row.aliases.into_iter().map(<[u8]>::to_vec).collect();
            Ok((
                state,
                String::new(),
                id.made_at(),
                row.attempt,
                row.due,
                row.note.to_vec(),
                aliases,
            ))
        });
        if pending.is_some() && settled.is_some() {
            self.report.damaged(format!("entry {id} waits and is settled"));
        }
        let is_known = pending.is_some() || settled.is_some();
        if !is_known {
            self.report.damaged(format!("entry {id} has lost its state"));
        }
        let unknown = || {
            (
                State::Waiting,
                String::new(),
                id.made_at(),
                1,
                id.made_at(),
                Vec::new(),
                Vec::new(),
            )
        };
        let (state, lane, appended, attempt, due, note, mut aliases) = pending.or(settled).unwrap_or_else(unknown);
        if state == State::Waiting {
            let given = self.standing(id, &self.disk.aliased, |row| {
                let all = read_aliases(row)?;
                Ok(all.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
            });
            aliases.extend(given.into_iter().flatten());
        }
        self.report.count(state);
        each(Exported {
            record: Record {
                id,
                lane: entry.map_or(lane.as_str(), |entry| entry.lane).into(),
                body: entry.map_or(Bytes::new(), |entry| Bytes::copy_from_slice(entry.body)),
                appended: entry.map_or(appended, |entry| entry.appended),
                state,
                attempt,
                due,
                note: note.into(),
            },
            key: entry.and_then(|entry| entry.key.map(<[u8]>::to_vec)),
            aliases,
            lost_body: entry.is_none(),
            lost_state: !is_known,
        });
    }

    /// What a table says of an entry; None when it says nothing or cannot be read.
    fn standing<T>(&mut self, id: EntryId, table: &Keyspace, read: impl FnOnce(&[u8]) -> Result<T>) -> Option<T> {
        let row = table.get(super::row::id_key(id)).ok()??;
        match read(&row) {
            Ok(read) => Some(read),
            Err(error) => {
                self.report.damaged(format!("entry {id}: {error}"));
                None
            }
        }
    }

    /// The tables that lead to entries.
    fn names(&mut self) {
        let disk = self.disk;
        self.rows(&disk.aliased, "aliased", |audit, key, row| {
            let (id, _) = (read_id(key)?, read_aliases(row)?);
            if disk.pending.get(key).ok().flatten().is_none() {
                audit
                    .report
                    .damaged(format!("entry {id} has aliases of an entry that waits, and does not wait"));
            }
            Ok(())
        });
        self.rows(&disk.dead, "dead", |audit, key, row| {
            let (id, lane) = (read_id(key)?, read_lane(row)?);
            let is_dead = disk.with_settled(id, |row| row.dead).ok().flatten() == Some(true);
            let is_of_lane = disk.with_entry(id, |row| row.lane == lane).ok().flatten() == Some(true);
            if !(is_dead && is_of_lane) {
                audit.report.damaged(format!("entry {id} is listed as dead, and is not"));
            }
            Ok(())
        });
        self.rows(&disk.settled, "settled", |audit, key, row| {
            let id = read_id(key)?;
            if SettledRow::read(row)?.dead && !disk.dead.contains_key(key).unwrap_or(true) {
                audit.report.damaged(format!("entry {id} is dead, and is not listed as such"));
            }
            Ok(())
        });
        self.rows(&disk.keys, "keys", |audit, key, row| {
            let id = read_id(row)?;
            let has = disk.with_entry(id, |row| row.key == key.get(1..));
            if matches!(has, Ok(Some(false) | None)) {
                audit
                    .report
                    .damaged(format!("a key leads to entry {id}, which was not appended with it"));
            }
            Ok(())
        });
        self.rows(&disk.aliases, "aliases", |audit, key, row| {
            let id = read_id(row)?;
            let alias = key.get(1..).unwrap_or_default();
            let settled = disk.with_settled(id, |row| row.aliases.contains(&alias)).ok().flatten();
            let has = settled.unwrap_or_else(|| {
                let row = disk.aliased.get(row).ok().flatten();
                row.is_some_and(|row| read_aliases(&row).is_ok_and(|all| all.contains(&alias)))
            });
            if !has {
                audit
                    .report
                    .damaged(format!("an alias leads to entry {id}, which was not given it"));
            }
            Ok(())
        });
    }

    /// Every row of a table that can be read: from the front up to what cannot, and then from the back.
    fn rows(&mut self, table: &Keyspace, name: &str, mut each: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<()>) {
        let mut last: Option<Slice> = None;
        let mut rows = table.iter();
        let mut take = |audit: &mut Self, key: &[u8], row: &[u8]| {
            if let Err(error) = each(audit, key, row) {
                audit.report.damaged(format!("table {name:?}: {error}"));
            }
        };
        let failed = loop {
            match rows.next().map(fjall::Guard::into_inner) {
                None => return,
                Some(Ok((key, row))) => {
                    take(self, &key, &row);
                    last = Some(key);
                }
                Some(Err(error)) => break error,
            }
        };
        drop(rows);
        self.report.damaged(format!(
            "table {name:?} cannot be read whole: {}",
            super::disk::reading(failed)
        ));
        for row in table.iter().rev() {
            match row.into_inner() {
                Ok((key, row)) if last.as_ref().is_none_or(|last| key > *last) => take(self, &key, &row),
                Ok(_) | Err(_) => return,
            }
        }
    }
}

impl Report {
    fn count(&mut self, state: State) {
        match state {
            State::Waiting | State::Claimed => self.waiting += 1,
            State::Done => self.done += 1,
            State::Dead => self.dead += 1,
        }
    }
}
