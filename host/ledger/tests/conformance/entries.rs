//! What an entry is after what was done to it: the same key, another body, another note.

use std::time::Duration;

use edgebind_ledger::{EntryId, NewEntry, Record, Settlement, State};

use crate::{LEASE, START, append, claim_one, on_every_engine, told};

#[test]
fn a_replaced_entry_is_the_same_entry_with_other_work() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"key".to_vec()),
            ..NewEntry::new("a", "first")
        };
        let id = append(&engine, entry.clone()).await;
        let retry = Settlement::Retry {
            after: Duration::ZERO,
            note: Some("noted".into()),
        };
        engine.settle(vec![(claim_one(&engine).await.0, retry)]).await.unwrap();
        engine.annotate(id, "noted".into(), vec![b"alias".to_vec()]).await.unwrap();

        let (claim, _) = claim_one(&engine).await;
        assert_eq!(claim.attempt, 2);
        let replace = Settlement::Replace {
            body: "second, and longer".into(),
            due: Some(START + 7_000),
        };
        engine.settle(vec![(claim, replace)]).await.unwrap();
        engine.sync().await.unwrap();
        let expected = Record {
            id,
            lane: "a".into(),
            body: "second, and longer".into(),
            appended: START,
            state: State::Waiting,
            attempt: 1,
            due: START + 7_000,
            note: "noted".into(),
        };
        assert_eq!(engine.get(id).unwrap().as_ref(), Some(&expected));
        assert_eq!(engine.list("a", None, 9).unwrap(), [expected]);
        assert_eq!((engine.keyed(b"key"), engine.find(b"alias")), (Ok(Some(id)), Ok(Some(id))));
        let again = engine.append(vec![entry]).await.unwrap();
        assert_eq!((again[0].id, again[0].fresh), (id, false));

        let (claim, waited) = claim_one(&engine).await;
        assert_eq!(told(&claim), (id, "a".into(), "second, and longer".into(), 1, START));
        assert_eq!(waited.as_secs(), 7);
    });
}

#[test]
fn a_replaced_entry_without_a_due_time_comes_at_once_behind_those_that_were_due() {
    on_every_engine(|engine| async move {
        let replaced = append(&engine, NewEntry::new("a", "old")).await;
        tokio::time::advance(Duration::from_millis(5)).await;
        let other = append(&engine, NewEntry::new("a", "other")).await;
        tokio::time::advance(Duration::from_millis(5)).await;
        let claim = engine.claim_entry(replaced, LEASE).unwrap().unwrap();
        let replace = Settlement::Replace {
            body: "new".into(),
            due: None,
        };
        engine.settle(vec![(claim, replace)]).await.unwrap();
        let claims = engine.claim("a", 9, LEASE).await.unwrap();
        let found: Vec<_> = claims.iter().map(|claim| (claim.id, &claim.body[..])).collect();
        assert_eq!(found, [(other, &b"other"[..]), (replaced, &b"new"[..])]);
    });
}

#[test]
fn an_annotation_reaches_an_entry_wherever_it_stands() {
    on_every_engine(|engine| async move {
        for stand in ["held", "waiting", "claimed", "done", "dead"] {
            let lane = format!("lane of {stand}");
            let entry = NewEntry {
                held: stand == "held",
                ..NewEntry::new(lane.as_str(), "")
            };
            let id = append(&engine, entry).await;
            let claim = match stand {
                "held" | "waiting" => None,
                _ => engine.claim_entry(id, LEASE).unwrap(),
            };
            let claim = match (stand, claim) {
                ("done", Some(claim)) => {
                    let done = Settlement::Done {
                        note: "done".into(),
                        aliases: vec![b"done".to_vec()],
                    };
                    engine.settle(vec![(claim, done)]).await.unwrap();
                    None
                }
                ("dead", Some(claim)) => {
                    engine
                        .settle(vec![(claim, Settlement::Dead { note: "dead".into() })])
                        .await
                        .unwrap();
                    None
                }
                (_, claim) => claim,
            };
            let before = engine.get(id).unwrap().unwrap();
            let alias = stand.as_bytes();
            assert_eq!(engine.annotate(id, "noted".into(), vec![alias.to_vec()]).await, Ok(true));
            let expected = Record {
                note: "noted".into(),
                ..before
            };
            assert_eq!(engine.get(id).unwrap(), Some(expected), "{stand}");
            assert_eq!(engine.find(alias), Ok(Some(id)), "{stand}");
            if let Some(claim) = claim {
                let dead = Settlement::Dead { note: "later".into() };
                engine.settle(vec![(claim, dead)]).await.unwrap();
                assert_eq!(engine.get(id).unwrap().unwrap().note, "later", "{stand}");
                assert_eq!(engine.find(alias), Ok(Some(id)), "{stand}");
            }
        }
        let unknown = EntryId::from_u64(1).unwrap();
        assert_eq!(engine.annotate(unknown, "noted".into(), vec![b"x".to_vec()]).await, Ok(false));
        assert_eq!(engine.find(b"x"), Ok(None));
    });
}

#[test]
fn a_key_repeated_in_one_batch_is_one_entry() {
    on_every_engine(|engine| async move {
        let entry = NewEntry {
            key: Some(b"once".to_vec()),
            ..NewEntry::new("a", "")
        };
        let appended = engine.append(vec![entry.clone(), entry.clone()]).await.unwrap();
        let again = engine.append(vec![entry]).await.unwrap();
        let fresh: Vec<bool> = appended.iter().chain(&again).map(|appended| appended.fresh).collect();
        assert_eq!(fresh, [true, false, false]);
        assert!(appended.iter().chain(&again).all(|other| other.id == appended[0].id));
        assert_eq!(engine.pending("a"), 1);
    });
}
