use super::*;
use crate::work::{entry::Member, samples};
use bytes::Bytes;
use edgebind_runtime::message::Receipts;

const WAIT: Duration = Duration::from_secs(1_000);
const TAKEN: u64 = 50_000;
const LATE: u64 = TAKEN + 2_000_000;

/// A message of which this is known.
fn record(state: State, note: Option<Note>) -> Record {
    Record {
        id: id(7),
        lane: "submit/acme/esme".into(),
        body: Bytes::new(),
        appended: 1_000,
        state,
        attempt: 1,
        due: 1_000,
        note: note.map_or_else(Bytes::new, |note| entry::encode(&note)),
    }
}

fn taken() -> Standing {
    Standing::taken(vec!["up-1".into()], TAKEN)
}

fn with(standing: Standing) -> Record {
    record(State::Done, Some(Note::Standing(standing)))
}

fn id(number: u64) -> EntryId {
    EntryId::from_u64(number).unwrap()
}

fn said(record: &Record, validity: Option<u64>) -> Result<MessageState, Judged> {
    last_word(LATE, record, validity, WAIT).map(|news| news.state)
}

#[test]
fn what_nobody_says_anything_of_is_unknown_in_the_end() {
    assert_eq!(
        last_word(LATE, &with(taken()), None, WAIT),
        Ok(News {
            state: MessageState::Unknown,
            last: true,
            error: 0,
            at: LATE
        })
    );
}

#[test]
fn what_had_a_time_of_its_own_is_expired() {
    let grace = millis(AWAITED_GRACE);
    assert_eq!(end(TAKEN, Some(60_000), WAIT), (60_000 + grace, MessageState::Expired));
    assert_eq!(end(TAKEN, None, WAIT), (1_050_000, MessageState::Unknown));
    assert_eq!(
        end(TAKEN, Some(9_000_000), WAIT),
        (1_050_000, MessageState::Unknown),
        "nobody waits longer than that"
    );
    assert_eq!(said(&with(taken()), Some(60_000)), Ok(MessageState::Expired));
}

#[test]
fn what_left_late_or_had_news_is_given_its_time() {
    let news = Standing { at: LATE - 1, ..taken() };
    let ends = LATE - 1 + millis(WAIT);
    assert_eq!(said(&with(news.clone()), None), Err(Judged::Later(ends)));
    let then = last_word(ends, &with(news), None, WAIT);
    assert_eq!(then.map(|news| news.state), Ok(MessageState::Unknown));
}

#[test]
fn what_has_not_left_is_not_judged() {
    let again = millis(AWAITED_AGAIN);
    for state in [State::Waiting, State::Claimed] {
        assert_eq!(
            said(&record(state, None), None),
            Err(Judged::Later(LATE + again)),
            "{state:?}"
        );
    }
    let put_off = Record {
        due: LATE + 5_000,
        ..record(State::Waiting, None)
    };
    assert_eq!(said(&put_off, None), Err(Judged::Later(LATE + 5_000 + again)));
}

#[test]
fn what_is_about_to_be_replaced_is_looked_at_again() {
    let replacing = Standing {
        replacing_until: LATE + 1,
        ..taken()
    };
    assert_eq!(said(&with(replacing), None), Err(Judged::Later(LATE + 1)));
}

#[test]
fn what_goes_on_elsewhere_is_awaited_there() {
    for note in [Note::Joined(8), Note::Split(vec![8, 9])] {
        assert_eq!(said(&record(State::Done, Some(note)), None), Err(Judged::Over));
    }
}

/// A crash, or a replacement that came to nothing, may have left the last word without its receipt: the key tells.
#[test]
fn the_last_word_is_said_again() {
    let delivered = Standing {
        state: MessageState::Delivered,
        last: true,
        ..taken()
    };
    assert_eq!(said(&with(delivered), None), Ok(MessageState::Delivered));
}

#[test]
fn only_who_asked_for_bad_news_is_waited_for() {
    let asking = |failure: bool| {
        let mut message = samples::message();
        message.receipts = Receipts {
            success: !failure,
            failure,
            intermediate: true,
        };
        message
    };
    assert!(is_wanted(&Submission::new(asking(true))));
    assert!(!is_wanted(&Submission::new(asking(false))));
    let joined = Submission {
        message: asking(false),
        members: vec![Member::new(1, 0, &asking(false)), Member::new(2, 0, &asking(true))],
    };
    assert!(is_wanted(&joined));
}
