//! Which phone of an account sends a message.
//!
//! The upstream's key against sending twice is (id, device), and without a device it draws one by lot: so every message
//! names its device, and the same message names the same one as long as the account's phones stay the same. They are
//! asked for once in a while and remembered.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    api,
    bindings::edgebind::translator::types::{Context, Memo, Request, Response},
    settings::Settings,
    time,
};

/// How long the list of phones is remembered.
const MEMO_TTL_MS: u64 = 5 * 60 * 1000;

/// What answers at the base URL.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Phones {
    /// A server, with the phones of this account.
    Account(Vec<Phone>),
    /// The server in a phone: the one that sends.
    Local,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Phone {
    id: String,
    seen_ms: Option<u64>,
}

/// Which of the two listings is asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Listing {
    /// `GET /devices`, which servers have.
    Devices,
    /// `GET /device`, which is all that a phone has.
    Device,
}

/// What the answer to a listing, if it is a 200 or a 404, comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Phones(Phones),
    /// Not a server: ask the other listing.
    AskDevice,
    /// Neither: nothing of SMSGate is there.
    Stranger,
}

impl Listing {
    pub(crate) fn request(self, ctx: &Context, settings: &Settings) -> Request {
        let path = match self {
            Self::Devices => "/devices",
            Self::Device => "/device",
        };
        api::request(ctx, settings, "GET", path)
    }

    /// None: the status says neither yes nor no, and whoever asked knows what follows.
    pub(crate) fn heard(self, response: &Response) -> Option<Heard> {
        match (response.status, self) {
            (200, Self::Devices) => Some(api::body(response).map_or(Heard::Stranger, |list| Heard::Phones(account(list)))),
            (200, Self::Device) => Some(match api::body(response) {
                Some(serde_json::Value::Array(_) | serde_json::Value::Object(_)) => Heard::Phones(Phones::Local),
                _ => Heard::Stranger,
            }),
            (404, Self::Devices) => Some(Heard::AskDevice),
            (404, Self::Device) => Some(Heard::Stranger),
            _ => None,
        }
    }
}

impl Phones {
    /// What an earlier call had remembered.
    pub(crate) fn remembered(memo: &[u8]) -> Option<Self> {
        serde_json::from_slice(memo).ok()
    }

    pub(crate) fn memo(&self) -> Memo {
        let bytes = serde_json::to_vec(self).expect("a list of names and numbers always has a JSON form");
        Memo {
            bytes,
            ttl_ms: MEMO_TTL_MS,
        }
    }

    /// A memo that is no list: the next call asks again.
    pub(crate) fn forgotten() -> Memo {
        Memo {
            bytes: Vec::new(),
            ttl_ms: MEMO_TTL_MS,
        }
    }
}

/// The phone for this key, by rendezvous: a phone that comes or goes moves the messages of that phone only. Those seen
/// within so many hours come first; a retry moves when its phone falls silent, at the price of perhaps a second SMS.
pub(crate) fn choose<'a>(phones: &'a [Phone], key: &str, now_ms: u64, active_within_hours: u32) -> Option<&'a str> {
    let since_ms = now_ms.saturating_sub(u64::from(active_within_hours) * 3_600_000);
    let active = |phone: &Phone| active_within_hours == 0 || phone.seen_ms.is_some_and(|seen| seen >= since_ms);
    let weight = |phone: &Phone| {
        Sha256::new()
            .chain_update(key)
            .chain_update([0])
            .chain_update(&phone.id)
            .finalize()
    };
    let best = phones.iter().max_by_key(|phone| (active(phone), weight(phone)))?;
    Some(&best.id)
}

/// The API's device, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    id: String,
    last_seen: Option<String>,
    deleted_at: Option<String>,
}

fn account(list: Vec<Device>) -> Phones {
    let phones = list.into_iter().filter(|device| device.deleted_at.is_none());
    Phones::Account(
        phones
            .map(|device| Phone {
                seen_ms: device.last_seen.as_deref().and_then(time::from_rfc3339),
                id: device.id,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    fn phone(id: &str, seen_ms: u64) -> Phone {
        Phone {
            id: id.into(),
            seen_ms: Some(seen_ms),
        }
    }

    #[test]
    fn a_server_lists_its_phones_and_a_phone_has_no_such_list() {
        let list = r#"[{"id":"a","name":"x","lastSeen":"1970-01-01T00:00:01Z","simCards":[]},{"id":"b","deletedAt":"2026-01-01T00:00:00Z"},{"id":"c"}]"#;
        let phones = Phones::Account(vec![
            phone("a", 1000),
            Phone {
                id: "c".into(),
                seen_ms: None,
            },
        ]);
        let rows = [
            (Listing::Devices, answer(200, list), Some(Heard::Phones(phones))),
            (
                Listing::Devices,
                answer(200, "[]"),
                Some(Heard::Phones(Phones::Account(Vec::new()))),
            ),
            (Listing::Devices, answer(200, "<html>"), Some(Heard::Stranger)),
            (Listing::Devices, answer(404, ""), Some(Heard::AskDevice)),
            (Listing::Devices, answer(401, ""), None),
            (
                Listing::Device,
                answer(200, r#"[{"id":"a"}]"#),
                Some(Heard::Phones(Phones::Local)),
            ),
            (
                Listing::Device,
                answer(200, r#"{"id":"a"}"#),
                Some(Heard::Phones(Phones::Local)),
            ),
            (Listing::Device, answer(200, "hello"), Some(Heard::Stranger)),
            (Listing::Device, answer(404, ""), Some(Heard::Stranger)),
            (Listing::Device, answer(503, ""), None),
        ];
        for (listing, response, heard) in rows {
            assert_eq!(listing.heard(&response), heard, "{listing:?} {}", response.status);
        }
    }

    #[test]
    fn what_is_remembered_is_read_back() {
        for phones in [Phones::Local, Phones::Account(vec![phone("a", 5)])] {
            assert_eq!(Phones::remembered(&phones.memo().bytes), Some(phones));
        }
        assert_eq!(Phones::remembered(&Phones::forgotten().bytes), None);
    }

    #[test]
    fn one_key_has_one_phone_and_keys_spread() {
        let phones: Vec<Phone> = ["a", "b", "c"].iter().map(|id| phone(id, 0)).collect();
        let mut reversed = phones.clone();
        reversed.reverse();
        let mut counts = [0; 3];
        for key in 0..300 {
            let key = key.to_string();
            let chosen = choose(&phones, &key, 0, 0).unwrap();
            assert_eq!(
                choose(&reversed, &key, 0, 0),
                Some(chosen),
                "the order of the list does not matter"
            );
            counts[phones.iter().position(|phone| phone.id == chosen).unwrap()] += 1;
            if chosen != "c" {
                assert_eq!(
                    choose(&phones[..2], &key, 0, 0),
                    Some(chosen),
                    "a phone that goes moves its own messages only"
                );
            }
        }
        assert!(counts.iter().all(|count| *count > 60), "{counts:?}");
        assert_eq!(choose(&[], "1", 0, 0), None);
    }

    #[test]
    fn a_phone_seen_lately_comes_first_and_a_silent_one_is_better_than_none() {
        const HOUR_MS: u64 = 3_600_000;
        let phones = [
            phone("old", HOUR_MS),
            phone("new", 9 * HOUR_MS),
            Phone {
                id: "never".into(),
                seen_ms: None,
            },
        ];
        for key in 0..50 {
            assert_eq!(choose(&phones, &key.to_string(), 10 * HOUR_MS, 2), Some("new"));
            assert!(choose(&phones[..1], &key.to_string(), 10 * HOUR_MS, 2).is_some());
        }
    }
}
