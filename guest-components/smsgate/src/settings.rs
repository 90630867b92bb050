//! The settings of a release, read and refused whole. No secret is among them.
//!
//! | name | value | default |
//! |---|---|---|
//! | `api_base_url` | where the API is: `https://api.sms-gate.app/3rdparty/v1`, `https://<host>/api/3rdparty/v1`, `http://<phone>:8080` | required |
//! | `device_id` | the phone that sends | chosen for each message out of `GET /devices` |
//! | `sim_number` | its SIM, 1 to 3 | the phone's choice |
//! | `source.<address>` | phone and SIM of one source address: `device`, `device:sim` or `:sim` | |
//! | `source.default` | phone and SIM of source addresses that are not listed | `device_id`, `sim_number` |
//! | `device_active_within` | hours; phones seen within them are preferred | 0: all are equal |
//! | `priority_0` to `priority_3` | SMSGate's priority, -128 to 127, for each priority_flag; from 100 on a phone ignores its own limits and working hours | 0, 25, 50, 75 |
//! | `country_code` | digits; what national numbers begin with | none |
//! | `skip_phone_validation` | `auto` (short codes and names), `always`, `never` | `auto` |
//! | `data_port` | port of binary messages that name none | none: they are refused |
//! | `id_prefix` | what upstream ids begin with; needed where two gateways share an SMSGate account | none |
//! | `receipt_on_sent` | what `sms:sent` is: `intermediate` (ENROUTE), `final` (ACCEPTD), `delivered` (DELIVRD) | `intermediate` |
//! | `webhook_device_id` | the one phone whose webhooks are wanted | all of the account |
//! | `webhook_timestamp_window` | seconds that a signed webhook's clock may differ by; 0: any | 300 |
//! | `own_number` | destination of incoming messages that name none | none |
//! | `source_ton`, `source_npi` | of the phone numbers that incoming messages come from | by their form |
//! | `dest_ton`, `dest_npi` | of the phone numbers that incoming messages go to | by their form |
//!
//! A token in place of user and password needs the scopes `messages:send`, `devices:list` (without `device_id`), `messages:read` (query_sm),
//! `messages:cancel` (cancel_sm, replace_sm), `webhooks:write` and `webhooks:delete`.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use crate::bindings::edgebind::message::types::Setting;

/// Longest `id_prefix`: with an id of 18 digits it stays within the 36 characters that the API takes.
const ID_PREFIX_MAX: usize = 18;
/// Longest `deviceId` of the API.
const DEVICE_ID_MAX: usize = 21;
/// The name in `source.<address>` that is no address.
const SOURCE_DEFAULT: &str = "default";

/// A phone, a SIM, or both; what is not named is left to others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sender {
    pub(crate) device: Option<String>,
    pub(crate) sim: Option<u8>,
}

/// Whether the upstream is told not to look at the phone number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SkipValidation {
    Auto,
    Always,
    Never,
}

/// What the operator has `sms:sent` mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ReceiptOnSent {
    Intermediate,
    Final,
    Delivered,
}

/// TON and NPI that phone numbers of incoming messages get; none leaves it to their form.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Numbering {
    pub(crate) ton: Option<u8>,
    pub(crate) npi: Option<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Without a trailing slash.
    pub(crate) api_base_url: String,
    pub(crate) sender: Sender,
    /// In the order written.
    pub(crate) sources: Vec<(String, Sender)>,
    pub(crate) source_default: Option<Sender>,
    /// 0: all phones are equal.
    pub(crate) device_active_within_hours: u32,
    pub(crate) priorities: [i8; 4],
    pub(crate) country_code: Option<String>,
    pub(crate) skip_phone_validation: SkipValidation,
    pub(crate) data_port: Option<u16>,
    pub(crate) id_prefix: String,
    pub(crate) receipt_on_sent: ReceiptOnSent,
    pub(crate) webhook_device_id: Option<String>,
    /// 0: any time is good.
    pub(crate) webhook_timestamp_window_s: u32,
    pub(crate) own_number: Option<String>,
    pub(crate) source_numbering: Numbering,
    pub(crate) dest_numbering: Numbering,
}

impl Settings {
    /// Reads them all, or names every mistake. Of two with one name the later wins.
    pub(crate) fn read(settings: &[Setting]) -> Result<Self, Vec<String>> {
        let mut read = Self {
            api_base_url: String::new(),
            sender: Sender::default(),
            sources: Vec::new(),
            source_default: None,
            device_active_within_hours: 0,
            priorities: [0, 25, 50, 75],
            country_code: None,
            skip_phone_validation: SkipValidation::Auto,
            data_port: None,
            id_prefix: String::new(),
            receipt_on_sent: ReceiptOnSent::Intermediate,
            webhook_device_id: None,
            webhook_timestamp_window_s: 300,
            own_number: None,
            source_numbering: Numbering::default(),
            dest_numbering: Numbering::default(),
        };
        let mut mistakes: Vec<String> = settings
            .iter()
            .filter_map(|(name, value)| read.set(name, value).err().map(|mistake| format!("{name}: {mistake}")))
            .collect();
        if read.api_base_url.is_empty() && !settings.iter().any(|(name, _)| name == "api_base_url") {
            mistakes.push("api_base_url: missing; it says where SMSGate's API is".into());
        }
        if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "api_base_url" => self.api_base_url = base_url(value)?,
            "device_id" => self.sender.device = Some(device_id(value)?),
            "sim_number" => self.sender.sim = Some(number(value, 1..=3)?),
            "device_active_within" => self.device_active_within_hours = number(value, 0..=24 * 366)?,
            "priority_0" => self.priorities[0] = number(value, i8::MIN..=i8::MAX)?,
            "priority_1" => self.priorities[1] = number(value, i8::MIN..=i8::MAX)?,
            "priority_2" => self.priorities[2] = number(value, i8::MIN..=i8::MAX)?,
            "priority_3" => self.priorities[3] = number(value, i8::MIN..=i8::MAX)?,
            "country_code" => self.country_code = Some(country_code(value)?),
            "skip_phone_validation" => {
                self.skip_phone_validation = match value {
                    "auto" => SkipValidation::Auto,
                    "always" => SkipValidation::Always,
                    "never" => SkipValidation::Never,
                    _ => return Err(one_of(value, &["auto", "always", "never"])),
                }
            }
            "data_port" => self.data_port = Some(number(value, 1..=u16::MAX)?),
            "id_prefix" => self.id_prefix = id_prefix(value)?,
            "receipt_on_sent" => {
                self.receipt_on_sent = match value {
                    "intermediate" => ReceiptOnSent::Intermediate,
                    "final" => ReceiptOnSent::Final,
                    "delivered" => ReceiptOnSent::Delivered,
                    _ => return Err(one_of(value, &["intermediate", "final", "delivered"])),
                }
            }
            "webhook_device_id" => self.webhook_device_id = Some(device_id(value)?),
            "webhook_timestamp_window" => self.webhook_timestamp_window_s = number(value, 0..=86_400)?,
            "own_number" => self.own_number = Some(value.to_owned()),
            "source_ton" => self.source_numbering.ton = Some(number(value, 0..=u8::MAX)?),
            "source_npi" => self.source_numbering.npi = Some(number(value, 0..=u8::MAX)?),
            "dest_ton" => self.dest_numbering.ton = Some(number(value, 0..=u8::MAX)?),
            "dest_npi" => self.dest_numbering.npi = Some(number(value, 0..=u8::MAX)?),
            _ => match name.strip_prefix("source.") {
                Some(SOURCE_DEFAULT) => self.source_default = Some(sender(value)?),
                Some(address) if !address.is_empty() => {
                    let sender = sender(value)?;
                    self.sources.retain(|(known, _)| known != address);
                    self.sources.push((address.to_owned(), sender));
                }
                _ => return Err("no such setting".into()),
            },
        }
        Ok(())
    }

    /// The phone and SIM for messages from this address: its own entry, else `source.default`; what that leaves open
    /// comes from `device_id` and `sim_number`.
    pub(crate) fn sender(&self, source: &str) -> Sender {
        let bare = |address: &str| address.strip_prefix('+').unwrap_or(address).to_owned();
        let listed = self
            .sources
            .iter()
            .find(|(address, _)| address == source || bare(address) == bare(source))
            .map(|(_, sender)| sender)
            .or(self.source_default.as_ref());
        let Some(listed) = listed else { return self.sender.clone() };
        Sender {
            device: listed.device.clone().or_else(|| self.sender.device.clone()),
            sim: listed.sim.or(self.sender.sim),
        }
    }

    /// The address that sends by this phone and SIM: of the entries that do not say otherwise, the one that says most.
    pub(crate) fn address(&self, device: &str, sim: Option<u8>) -> Option<&str> {
        let mut best: Option<(usize, &str)> = None;
        for (address, sender) in &self.sources {
            let device_fits = sender.device.as_deref().is_none_or(|named| named == device);
            let sim_fits = sender.sim.is_none() || sender.sim == sim;
            let weight = 2 * usize::from(sender.device.is_some()) + usize::from(sender.sim.is_some());
            if device_fits && sim_fits && best.is_none_or(|(heaviest, _)| weight > heaviest) {
                best = Some((weight, address));
            }
        }
        best.map(|(_, address)| address)
    }
}

fn base_url(value: &str) -> Result<String, String> {
    let trimmed = value.trim_end_matches('/');
    let rest = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"))
        .ok_or("must begin with https:// or http://")?;
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err("names no host".into());
    }
    if host.contains('@') {
        return Err("credentials do not belong into an URL: name them as secrets".into());
    }
    if rest.contains(|c: char| c == '?' || c == '#' || c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err("must end with a path: no query, no fragment, no space".into());
    }
    Ok(trimmed.to_owned())
}

fn device_id(value: &str) -> Result<String, String> {
    match value.len() {
        0 => Err("empty".into()),
        1..=DEVICE_ID_MAX => Ok(value.to_owned()),
        octets => Err(format!("{octets} octets exceed the {DEVICE_ID_MAX} of a device id")),
    }
}

fn sender(value: &str) -> Result<Sender, String> {
    let (device, sim) = match value.rsplit_once(':') {
        Some((device, sim)) => (device, Some(number(sim, 1..=3)?)),
        None => (value, None),
    };
    if device.is_empty() && sim.is_none() {
        return Err("names neither a device nor a SIM; write device, device:sim or :sim".into());
    }
    let device = if device.is_empty() { None } else { Some(device_id(device)?) };
    Ok(Sender { device, sim })
}

fn country_code(value: &str) -> Result<String, String> {
    let digits = value.strip_prefix('+').unwrap_or(value);
    let good = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if good {
        Ok(digits.to_owned())
    } else {
        Err(format!("{value:?} is not a country calling code of 1 to 3 digits"))
    }
}

fn id_prefix(value: &str) -> Result<String, String> {
    if value.len() > ID_PREFIX_MAX {
        return Err(format!("{} octets exceed {ID_PREFIX_MAX}", value.len()));
    }
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err("takes letters, digits, - and _ only".into());
    }
    Ok(value.to_owned())
}

fn number<T>(value: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    match value.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("{value:?} is not a number from {} to {}", range.start(), range.end())),
    }
}

fn one_of(value: &str, known: &[&str]) -> String {
    format!("{value:?} is none of {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: (&str, &str) = ("api_base_url", "https://sms.example/api/3rdparty/v1/");

    fn settings(list: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let list: Vec<Setting> = list
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&list)
    }

    #[test]
    fn the_least_that_is_enough_is_the_url() {
        let read = settings(&[URL]).unwrap();
        assert_eq!(read.api_base_url, "https://sms.example/api/3rdparty/v1");
        assert_eq!(read.priorities, [0, 25, 50, 75]);
        assert_eq!(read.sender("anyone"), Sender::default());
    }

    #[test]
    fn each_mistake_has_a_sentence_and_all_are_named_at_once() {
        let mistakes = settings(&[
            ("api_base_uri", "https://x"),
            ("alphabet", "ebcdic"),
            ("sim_number", "4"),
            ("device_id", "0123456789012345678901"),
            ("source.ACME", "phone:9"),
            ("source.", "phone"),
            ("source.default", ""),
            ("device_active_within", "-1"),
            ("priority_1", "128"),
            ("country_code", "044"),
            ("skip_phone_validation", "yes"),
            ("data_port", "0"),
            ("id_prefix", "no space"),
            ("id_prefix", "0123456789abcdefghi"),
            ("receipt_on_sent", "never"),
            ("webhook_device_id", ""),
            ("webhook_timestamp_window", "1d"),
            ("dest_ton", "256"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r#"
        api_base_uri: no such setting
        alphabet: no such setting
        sim_number: "4" is not a number from 1 to 3
        device_id: 22 octets exceed the 21 of a device id
        source.ACME: "9" is not a number from 1 to 3
        source.: no such setting
        source.default: names neither a device nor a SIM; write device, device:sim or :sim
        device_active_within: "-1" is not a number from 0 to 8784
        priority_1: "128" is not a number from -128 to 127
        country_code: "044" is not a country calling code of 1 to 3 digits
        skip_phone_validation: "yes" is none of auto, always, never
        data_port: "0" is not a number from 1 to 65535
        id_prefix: takes letters, digits, - and _ only
        id_prefix: 19 octets exceed 18
        receipt_on_sent: "never" is none of intermediate, final, delivered
        webhook_device_id: empty
        webhook_timestamp_window: "1d" is not a number from 0 to 86400
        dest_ton: "256" is not a number from 0 to 255
        api_base_url: missing; it says where SMSGate's API is
        "#);
    }

    #[test]
    fn urls_that_cannot_be_a_base() {
        for (url, mistake) in [
            ("sms.example/api", "must begin with https:// or http://"),
            ("ftp://sms.example", "must begin with https:// or http://"),
            ("https://", "must begin with https:// or http://"),
            ("https:///api", "names no host"),
            ("http://:8080", "names no host"),
            (
                "https://user:secret@sms.example",
                "credentials do not belong into an URL: name them as secrets",
            ),
            (
                "https://sms.example/api?x=1",
                "must end with a path: no query, no fragment, no space",
            ),
            (
                "https://sms.example/a b",
                "must end with a path: no query, no fragment, no space",
            ),
        ] {
            assert_eq!(
                settings(&[("api_base_url", url)]).unwrap_err(),
                [format!("api_base_url: {mistake}")],
                "{url}"
            );
        }
    }

    #[test]
    fn the_later_of_two_wins() {
        let read = settings(&[
            URL,
            ("sim_number", "1"),
            ("source.7", "a"),
            ("sim_number", "2"),
            ("source.7", "b:3"),
        ])
        .unwrap();
        assert_eq!(read.sender.sim, Some(2));
        assert_eq!(
            read.sources,
            [(
                "7".to_owned(),
                Sender {
                    device: Some("b".into()),
                    sim: Some(3)
                }
            )]
        );
    }

    #[test]
    fn a_source_address_names_phone_and_sim_and_leaves_open_what_it_does_not_name() {
        let read = settings(&[
            URL,
            ("device_id", "main"),
            ("sim_number", "1"),
            ("source.ACME", "shop:2"),
            ("source.447700900999", ":3"),
            ("source.default", "spare"),
        ])
        .unwrap();
        let rows = [
            ("ACME", Some("shop"), Some(2)),
            ("447700900999", Some("main"), Some(3)),
            ("+447700900999", Some("main"), Some(3)),
            ("other", Some("spare"), Some(1)),
        ];
        for (source, device, sim) in rows {
            assert_eq!(
                read.sender(source),
                Sender {
                    device: device.map(Into::into),
                    sim
                },
                "{source}"
            );
        }
    }

    #[test]
    fn phone_and_sim_name_the_address_that_says_most_about_them() {
        let read = settings(&[
            URL,
            ("source.1", ":1"),
            ("source.2", "a"),
            ("source.3", "a:1"),
            ("source.4", "b:2"),
        ])
        .unwrap();
        let rows = [
            ("a", Some(1), Some("3")),
            ("a", Some(2), Some("2")),
            ("c", Some(1), Some("1")),
            ("c", None, None),
        ];
        for (device, sim, address) in rows {
            assert_eq!(read.address(device, sim), address, "{device} {sim:?}");
        }
    }
}
