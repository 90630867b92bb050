//! Who gets an entry, and when: by lane and by name.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use edgebind_ledger::{EntryId, LedgerError, NewEntry, Record, Settlement, State};

use crate::{LEASE, START, append, claim_one, is_pending, on_every_engine, told};

#[test]
fn a_claim_waits_for_an_append() {
    on_every_engine(|engine| async move {
        let waiting = tokio::spawn({
            let engine = engine.clone();
            async move { claim_one(&engine).await.0.id }
        });
        tokio::task::yield_now().await;
        append(&engine, NewEntry::new("b", "another lane")).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let id = append(&engine, NewEntry::new("a", "")).await;
        assert_eq!(waiting.await.unwrap(), id);
    });
}

#[test]
fn a_claim_waits_for_the_due_time() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 5_000),
            ..NewEntry::new("a", "later")
        };
        append(&engine, later).await;
        let (claim, waited) = claim_one(&engine).await;
        assert_eq!((&claim.body[..], waited.as_secs()), (&b"later"[..], 5));
    });
}

#[test]
fn a_claim_waits_for_a_release() {
    on_every_engine(|engine| async move {
        let id = append(
            &engine,
            NewEntry {
                held: true,
                ..NewEntry::new("a", "")
            },
        )
        .await;
        assert_eq!(engine.get(id).unwrap().unwrap().state, State::Claimed);
        let mut claim = pin!(claim_one(&engine));
        assert!(is_pending(claim.as_mut()).await);
        engine.release(&[id]);
        assert_eq!(claim.await.0.id, id);
    });
}

#[test]
fn a_lease_that_has_run_out_is_claimed_again_at_the_same_attempt() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (first, _) = claim_one(&engine).await;
        let (second, waited) = claim_one(&engine).await;
        assert_eq!((first.id, 1, waited), (second.id, second.attempt, LEASE));
        let id = first.id;
        let done = || Settlement::Done {
            note: Bytes::new(),
            aliases: Vec::new(),
        };
        let both = vec![(first, done()), (second, done())];
        assert_eq!(engine.settle(both).await, Err(LedgerError::LeaseLost { ids: vec![id] }));
        assert_eq!(
            engine.get(id).unwrap().unwrap().state,
            State::Done,
            "the second's settlement stands"
        );
    });
}

#[test]
fn a_lease_that_has_run_out_still_settles_if_nobody_else_had_the_entry() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (claim, _) = claim_one(&engine).await;
        tokio::time::advance(LEASE * 2).await;
        let id = claim.id;
        engine
            .settle(vec![(claim, Settlement::Dead { note: "no".into() })])
            .await
            .unwrap();
        let Record { state, note, .. } = engine.get(id).unwrap().unwrap();
        assert_eq!((state, &note[..]), (State::Dead, &b"no"[..]));
        assert_eq!(engine.pending("a"), 0);
    });
}

#[test]
fn a_retry_comes_back_when_it_is_due_and_counts() {
    on_every_engine(|engine| async move {
        append(&engine, NewEntry::new("a", "")).await;
        let (claim, _) = claim_one(&engine).await;
        let retry = Settlement::Retry {
            after: Duration::from_secs(3),
            note: Some("busy".into()),
        };
        engine.settle(vec![(claim, retry)]).await.unwrap();
        let (claim, waited) = claim_one(&engine).await;
        assert_eq!((claim.attempt, waited.as_secs()), (2, 3));
        assert_eq!(engine.get(claim.id).unwrap().unwrap().note, "busy");
    });
}

#[test]
fn a_claim_that_is_dropped_has_claimed_nothing() {
    on_every_engine(|engine| async move {
        {
            let mut claim = pin!(engine.claim("a", 1, LEASE));
            assert!(is_pending(claim.as_mut()).await);
            append(&engine, NewEntry::new("a", "")).await;
        }
        assert_eq!(claim_one(&engine).await.1, Duration::ZERO);
    });
}

#[test]
fn many_who_wait_at_one_lane_each_get_one() {
    on_every_engine(|engine| async move {
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let engine = engine.clone();
            waiting.spawn(async move { claim_one(&engine).await.0.id });
        }
        tokio::task::yield_now().await;
        let batch: Vec<NewEntry> = (0..20).map(|_| NewEntry::new("a", "")).collect();
        let mut appended: Vec<EntryId> = engine
            .append(batch)
            .await
            .unwrap()
            .iter()
            .map(|appended| appended.id)
            .collect();
        let mut claimed = waiting.join_all().await;
        appended.sort();
        claimed.sort();
        assert_eq!(appended, claimed);
    });
}

#[test]
fn an_entry_is_claimed_by_its_name_when_nobody_has_it_be_it_due_or_not() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 60_000),
            ..NewEntry::new("a", "later")
        };
        let id = append(&engine, later).await;
        let held = NewEntry {
            held: true,
            ..NewEntry::new("a", "")
        };
        let held = append(&engine, held).await;
        let unknown = EntryId::from_u64(1).unwrap();

        let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
        assert_eq!(told(&claim), (id, "a".into(), "later".into(), 1, START));
        for taken in [id, held, unknown] {
            assert_eq!(engine.claim_entry(taken, LEASE), Ok(None));
        }
        tokio::time::advance(LEASE).await;
        let again = engine.claim_entry(id, LEASE).unwrap().unwrap();
        let dead = || Settlement::Dead { note: "".into() };
        assert_eq!(
            engine.settle(vec![(claim, dead())]).await,
            Err(LedgerError::LeaseLost { ids: vec![id] })
        );
        engine.settle(vec![(again, dead())]).await.unwrap();
        assert_eq!(engine.claim_entry(id, LEASE), Ok(None));
    });
}

#[test]
fn an_entry_claimed_by_its_name_and_released_comes_when_it_is_due() {
    on_every_engine(|engine| async move {
        let later = NewEntry {
            due: Some(START + 3_000),
            ..NewEntry::new("a", "")
        };
        let id = append(&engine, later).await;
        let mut waiting = pin!(claim_one(&engine));
        assert!(is_pending(waiting.as_mut()).await);
        let claim = engine.claim_entry(id, LEASE).unwrap().unwrap();
        engine.release(&[claim.id]);
        let (claim, waited) = waiting.await;
        assert_eq!((claim.id, claim.attempt, waited.as_secs()), (id, 1, 3));
    });
}
