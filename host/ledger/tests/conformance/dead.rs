//! Dead letters: listed in pages, made to wait again, purged, and retained for longer than what is done.

use std::sync::Arc;

use edgebind_ledger::{EntryId, LedgerError, NewEntry, Record, Settlement, State, limits};

use crate::{Engine, LEASE, START, append, on_every_engine};

#[test]
fn dead_letters_are_listed_by_id_in_pages_and_counted_by_lane() {
    on_every_engine(|engine| async move {
        let mut all = Vec::new();
        for lane in ["a/x", "b", "a/y", "a/x", "a"] {
            all.push((bury(&engine, lane).await, lane));
        }
        append(&engine, NewEntry::new("a/x", "waits")).await;
        let of = |prefix: &str| -> Vec<EntryId> {
            let these = all.iter().filter(|(_, lane)| lane.starts_with(prefix));
            these.map(|(id, _)| *id).collect()
        };
        for prefix in ["", "a", "a/", "a/x", "c"] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = engine.dead(prefix, after, 2).unwrap();
                assert!(page.len() <= 2 && page.iter().all(|record| record.state == State::Dead));
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                found.extend(page.iter().map(|record| record.id));
            }
            assert_eq!(found, of(prefix), "{prefix:?}");
        }
        assert_eq!(engine.dead("", None, 0), Ok(Vec::new()));
        let counts = |prefix| -> Vec<(String, usize)> {
            let lanes = engine.dead_lanes(prefix).into_iter();
            lanes.map(|(lane, count)| (lane.to_string(), count)).collect()
        };
        assert_eq!(counts("a/"), [("a/x".to_owned(), 2), ("a/y".to_owned(), 1)]);
        assert_eq!(counts("c"), []);
    });
}

#[test]
fn a_revived_entry_waits_again_as_the_same_entry_at_its_first_try() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"key".to_vec()),
            ..NewEntry::new("a", "work")
        };
        let id = append(&engine, entry.clone()).await;
        engine.annotate(id, "early".into(), vec![b"alias".to_vec()]).await.unwrap();
        let retry = Settlement::Retry {
            after: LEASE,
            note: None,
        };
        for settlement in [retry, Settlement::Dead { note: "refused".into() }] {
            let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
            engine.settle(vec![(claim, settlement)]).await.unwrap();
        }
        tokio::time::advance(LEASE).await;
        let others = [
            append(&engine, NewEntry::new("a", "waits")).await,
            EntryId::from_u64(1).unwrap(),
        ];
        assert_eq!(engine.revive(vec![id, others[0], others[1], id]).await, Ok(vec![id]));
        let expected = Record {
            id,
            lane: "a".into(),
            body: "work".into(),
            appended: START,
            state: State::Waiting,
            attempt: 1,
            due: START + u64::try_from(LEASE.as_millis()).unwrap(),
            note: "refused".into(),
        };
        assert_eq!(engine.get(id).unwrap().as_ref(), Some(&expected));
        assert_eq!(engine.list("a", None, 1).unwrap(), [expected]);
        assert_eq!((engine.find(b"alias"), engine.keyed(b"key")), (Ok(Some(id)), Ok(Some(id))));
        assert!(engine.dead("", None, 9).unwrap().is_empty() && engine.dead_lanes("").is_empty());
        assert!(!engine.append(vec![entry]).await.unwrap()[0].fresh);
        assert_eq!(engine.revive(vec![id]).await, Ok(Vec::new()), "it is dead no more");
        let claims = engine.claim("a", 9, LEASE).await.unwrap();
        let found: Vec<_> = claims.iter().map(|claim| (claim.id, claim.attempt)).collect();
        assert_eq!(found, [(id, 1), (others[0], 1)]);
    });
}

#[test]
fn a_revived_entry_wakes_a_claim_that_waits() {
    on_every_engine(|engine| async move {
        let id = bury(&engine, "a").await;
        let waiting = tokio::spawn({
            let engine = engine.clone();
            async move { engine.claim("a", 1, LEASE).await.unwrap()[0].id }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        engine.revive(vec![id]).await.unwrap();
        assert_eq!(waiting.await.unwrap(), id);
    });
}

#[test]
fn a_purged_entry_is_forgotten_with_its_key_and_aliases() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"key".to_vec()),
            ..NewEntry::new("a", "")
        };
        let id = append(&engine, entry.clone()).await;
        engine.annotate(id, "".into(), vec![b"alias".to_vec()]).await.unwrap();
        assert_eq!(engine.purge(vec![id]).await, Ok(Vec::new()), "it waits");
        let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
        engine
            .settle(vec![(claim, Settlement::Dead { note: "".into() })])
            .await
            .unwrap();
        let kept = bury(&engine, "a").await;
        assert_eq!(engine.purge(vec![id, id]).await, Ok(vec![id]));
        assert_eq!(
            (engine.get(id), engine.find(b"alias"), engine.keyed(b"key")),
            (Ok(None), Ok(None), Ok(None))
        );
        let left: Vec<EntryId> = engine.dead("", None, 9).unwrap().iter().map(|record| record.id).collect();
        assert_eq!((left, engine.dead_lanes("")), (vec![kept], vec![("a".into(), 1)]));
        assert!(engine.append(vec![entry]).await.unwrap()[0].fresh, "the key is free");
    });
}

#[test]
fn the_dead_are_retained_for_longer_than_what_is_done() {
    on_every_engine(|engine| async move {
        let dead = bury(&engine, "a").await;
        let done = append(&engine, NewEntry::new("a", "")).await;
        let claim = engine.claim_entry(done, LEASE).unwrap().unwrap();
        let settlement = Settlement::Done {
            note: "".into(),
            aliases: Vec::new(),
        };
        engine.settle(vec![(claim, settlement)]).await.unwrap();
        tokio::time::advance(LEASE * 2).await;
        assert_eq!(engine.sweep(START + 10, START, 9), Ok(1));
        assert_eq!(engine.get(done), Ok(None));
        assert_eq!(engine.get(dead).unwrap().unwrap().state, State::Dead);
        assert_eq!(engine.sweep(START + 10, START + 10, 9), Ok(1));
        assert_eq!((engine.get(dead), engine.dead_lanes("")), (Ok(None), Vec::new()));
    });
}

#[test]
fn more_than_a_batch_is_neither_revived_nor_purged() {
    on_every_engine(|engine| async move {
        let ids = vec![bury(&engine, "a").await; limits::BATCH_MAX + 1];
        let refused = Err(LedgerError::TooLong {
            what: "batch",
            length: limits::BATCH_MAX + 1,
            max: limits::BATCH_MAX,
        });
        assert_eq!(engine.revive(ids.clone()).await, refused);
        assert_eq!(engine.purge(ids).await, refused);
        assert_eq!(engine.dead("", None, 9).unwrap().len(), 1);
    });
}

async fn bury(engine: &Arc<dyn Engine>, lane: &str) -> EntryId {
    let id = append(engine, NewEntry::new(lane, "")).await;
    let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
    let dead = Settlement::Dead { note: "dead".into() };
    engine.settle(vec![(claim, dead)]).await.unwrap();
    id
}
