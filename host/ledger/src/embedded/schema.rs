//! The schema's number on disk, and the steps that lead from each schema to the next.

use fjall::Keyspace;

use super::disk::{Disk, reading};
use super::files::damaged;
use super::row::{EntryRow, SettledRow};
use crate::limits::SWEEP_BATCH_MAX;
use crate::{LedgerError, Result};

/// Leads from one schema to the next. It may be cut short by a crash and begun again, so it leaves what it reads as it was;
/// its number is noted once all of it is on disk.
pub(super) type Step = fn(&Disk) -> Result<()>;

/// The first leads from schema 1 to schema 2. A step is added when the tables change so that this program could not read what
/// an earlier one wrote, or the reverse.
pub(super) const STEPS: &[Step] = &[dead_have_a_table];

/// Takes every step that the directory has not taken. A new directory needs none.
pub(super) fn bring_up_to_date(disk: &Disk, steps: &[Step]) -> Result<()> {
    let known = 1 + u32::try_from(steps.len()).expect("a step is written by hand");
    let found = match read(&disk.meta)? {
        None if disk.entries.is_empty().map_err(reading)? => return write(disk, known),
        None | Some(0) => return Err(damaged(disk.path(), &["the schema's number is missing".to_owned()])),
        Some(found) => found,
    };
    if found > known {
        return Err(LedgerError::LaterSchema { found, known });
    }
    for (schema, step) in (1..).zip(steps).filter(|(schema, _)| *schema >= found) {
        tracing::info!(from = schema, to = schema + 1, "upgrading the ledger");
        step(disk)?;
        write(disk, schema + 1)?;
    }
    Ok(())
}

/// The schema that is noted; 0 when it is not a number.
pub(super) fn read(meta: &Keyspace) -> Result<Option<u32>> {
    let noted = meta.get("schema").map_err(reading)?;
    Ok(noted.map(|noted| <[u8; 4]>::try_from(&*noted).map_or(0, u32::from_be_bytes)))
}

/// Whether a directory of this schema has this table.
pub(super) fn has(schema: u32, table: &str) -> bool {
    schema >= if table == "dead" { 2 } else { 1 }
}

/// Notes the schema, with all that was written before.
pub(super) fn write(disk: &Disk, schema: u32) -> Result<()> {
    let mut batch = disk.batch();
    batch.insert(&disk.meta, "schema", schema.to_be_bytes());
    disk.commit(batch, true)
}

/// Schema 2 lists dead entries without reading all that are settled.
fn dead_have_a_table(disk: &Disk) -> Result<()> {
    let mut batch = disk.batch();
    for pair in disk.settled.iter() {
        let (id, row) = pair.into_inner().map_err(reading)?;
        if !SettledRow::read(&row)?.dead {
            continue;
        }
        let Some(entry) = disk.entries.get(&id).map_err(reading)? else {
            continue;
        };
        batch.insert(&disk.dead, id, EntryRow::read(&entry)?.lane);
        if batch.len() == SWEEP_BATCH_MAX {
            let full = std::mem::replace(&mut batch, disk.batch());
            disk.commit(full, false)?;
        }
    }
    disk.commit(batch, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embedded, Options};

    #[test]
    fn every_step_that_a_directory_has_not_taken_is_taken_once_and_in_order() {
        fn first(disk: &Disk) -> Result<()> {
            step(disk, "first")
        }
        fn second(disk: &Disk) -> Result<()> {
            assert!(disk.meta.contains_key("first").map_err(reading)?);
            step(disk, "second")
        }
        fn step(disk: &Disk, name: &str) -> Result<()> {
            let mut batch = disk.batch();
            batch.insert(&disk.meta, name, "");
            disk.commit(batch, false)
        }
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path()).unwrap();
        let steps = [STEPS, &[first, second]].concat();
        bring_up_to_date(&disk, &steps).unwrap();
        for name in ["first", "second"] {
            assert!(disk.meta.contains_key(name).unwrap(), "{name}");
            disk.meta.remove(name).unwrap();
        }
        bring_up_to_date(&disk, &steps).unwrap();
        assert!(!disk.meta.contains_key("second").unwrap(), "taken again");
        drop(disk);
        let later = Embedded::open(directory.path(), Options::default()).unwrap_err();
        let (found, known) = (
            3 + u32::try_from(STEPS.len()).unwrap(),
            1 + u32::try_from(STEPS.len()).unwrap(),
        );
        assert_eq!(later, LedgerError::LaterSchema { found, known });
    }

    #[test]
    fn a_step_that_fails_is_taken_at_the_next_opening() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path()).unwrap();
        let fails: Step = |_| Err(LedgerError::Disk { why: "no".to_owned() });
        assert!(bring_up_to_date(&disk, &[STEPS, &[fails]].concat()).is_err());
        bring_up_to_date(&disk, STEPS).unwrap();
    }

    #[test]
    fn a_schema_that_is_lost_is_not_taken_for_a_new_directory() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path()).unwrap();
        disk.entries.insert([0; 8], "an entry").unwrap();
        disk.meta.remove("schema").unwrap();
        assert!(matches!(bring_up_to_date(&disk, STEPS), Err(LedgerError::Damaged { .. })));
    }
}
