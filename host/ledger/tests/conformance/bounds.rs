//! One past every bound.

use bytes::Bytes;
use edgebind_ledger::{LedgerError, NewEntry, Settlement, limits};

use crate::{LEASE, append, claim_one, on_every_engine};

#[test]
fn an_annotation_brings_an_entry_to_no_more_aliases_than_the_bound() {
    on_every_engine(|engine| async move {
        let alias = |number: usize| number.to_be_bytes().to_vec();
        for settled in [false, true] {
            let id = append(&engine, NewEntry::new("a", "")).await;
            if settled {
                let dead = Settlement::Dead { note: "".into() };
                engine.settle(vec![(claim_one(&engine).await.0, dead)]).await.unwrap();
            }
            let most = (0..limits::ALIASES_MAX).map(alias).collect();
            assert_eq!(engine.annotate(id, "most".into(), most).await, Ok(true));
            let same = vec![alias(0), alias(1), alias(0)];
            assert_eq!(engine.annotate(id, "same".into(), same).await, Ok(true));
            let more = engine.annotate(id, "more".into(), vec![alias(limits::ALIASES_MAX)]).await;
            assert_eq!(
                more,
                Err(LedgerError::TooLong {
                    what: "aliases",
                    length: limits::ALIASES_MAX + 1,
                    max: limits::ALIASES_MAX
                })
            );
            assert_eq!(engine.get(id).unwrap().unwrap().note, "same");
            assert_eq!(engine.find(&alias(limits::ALIASES_MAX)), Ok(None));
            // The second turn's claim is not to find it.
            assert_eq!(engine.claim_entry(id, LEASE).unwrap().is_some(), !settled);
        }
    });
}

#[test]
fn one_past_a_bound_is_refused_whole() {
    on_every_engine(|engine| async move {
        let entry = || NewEntry::new("a", "");
        let long_lane: NewEntry = NewEntry::new("l".repeat(limits::LANE_BYTES_MAX + 1), "");
        let long_key = NewEntry {
            key: Some(vec![0; limits::KEY_BYTES_MAX + 1]),
            ..entry()
        };
        let long_body = NewEntry::new("a", vec![0; limits::BODY_BYTES_MAX + 1]);
        for (what, bad) in [("lane", long_lane), ("key", long_key), ("body", long_body)] {
            let refused = engine.append(vec![entry(), bad]).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
        let refused = engine.append(vec![entry(); limits::BATCH_MAX + 1]).await.unwrap_err();
        assert!(refused.to_string().starts_with("batch"), "{refused}");
        assert_eq!(engine.pending("a"), 0);

        let note = || Bytes::from(vec![0; limits::NOTE_BYTES_MAX + 1]);
        let done = |aliases| Settlement::Done {
            note: Bytes::new(),
            aliases,
        };
        for (what, bad) in [
            ("note", Settlement::Dead { note: note() }),
            (
                "note",
                Settlement::Retry {
                    after: LEASE,
                    note: Some(note()),
                },
            ),
            (
                "note",
                Settlement::Done {
                    note: note(),
                    aliases: Vec::new(),
                },
            ),
            (
                "body",
                Settlement::Replace {
                    body: vec![0; limits::BODY_BYTES_MAX + 1].into(),
                    due: None,
                },
            ),
            ("aliases", done(vec![Vec::new(); limits::ALIASES_MAX + 1])),
            ("alias", done(vec![vec![0; limits::KEY_BYTES_MAX + 1]])),
        ] {
            append(&engine, entry()).await;
            let (claim, _) = claim_one(&engine).await;
            let refused = engine.settle(vec![(claim, bad)]).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
        assert_eq!(
            engine.pending("a"),
            6,
            "each is as it was, and will be claimed when its lease has run out"
        );
        let id = append(&engine, entry()).await;
        for (what, bad_note, bad_aliases) in [
            ("note", note(), Vec::new()),
            ("aliases", Bytes::new(), vec![Vec::new(); limits::ALIASES_MAX + 1]),
            ("alias", Bytes::new(), vec![vec![0; limits::KEY_BYTES_MAX + 1]]),
        ] {
            let refused = engine.annotate(id, bad_note, bad_aliases).await.unwrap_err();
            assert!(refused.to_string().starts_with(what), "{refused}");
        }
    });
}
