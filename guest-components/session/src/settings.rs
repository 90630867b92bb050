//! What a release and its accounts may say about a session: the table of settings, read once.

mod value;

use crate::{
    id::IdForm,
    limits::WINDOW_OUT_MAX,
    message::Setting,
    peer::{Kind, Version},
};
use edgebind_smpp::{CommandStatus, text::Alphabet};
use value::{duration, duration_or_off, list, number, octets, one_of, some, status, truth};

/// What is wrong with these settings, a sentence for each mistake; empty if nothing is.
pub fn check(settings: &[Setting]) -> Vec<String> {
    Settings::read(settings).1
}

/// Every setting: its name, and what it says to an operator, in the order of `SETTINGS.md`.
pub fn known_settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|row| (row.name, row.says))
}

/// The names of an enumeration's values in settings.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $( $(#[$value_doc:meta])* $value:ident = $text:literal, )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(crate) enum $name { $( $(#[$value_doc])* $value, )* }

        impl $name {
            const ALL: &[Self] = &[$( Self::$value, )*];

            const fn name(self) -> &'static str {
                match self { $( Self::$value => $text, )* }
            }
        }
    };
}

named! {
    /// How an incoming message goes that is longer than one short message.
    LongIncoming {
        /// In parts with a user data header: every client and every phone knows it.
        #[default]
        Udh = "udh",
        /// In parts with sar_* parameters.
        Sar = "sar",
        /// In one PDU, as message_payload.
        Payload = "payload",
    }
}

named! {
    /// What stands behind `text:` of a receipt.
    ReceiptText {
        /// The first 20 characters of the message's text.
        #[default]
        Excerpt = "true",
        Nothing = "false",
        /// The word none and a blank.
        None = "none",
    }
}

named! {
    /// The PDU of deliveries.
    DeliverWith {
        /// Every client knows it; some hang up on the other.
        #[default]
        DeliverSm = "deliver_sm",
        DataSm = "data_sm",
    }
}

named! {
    /// What address_range of a bind request is to us.
    AddressRange {
        /// Clients put anything there.
        #[default]
        Ignore = "ignore",
        /// The incoming messages that the bind serves.
        Route = "route",
    }
}

named! {
    /// What becomes of a message whose sender wants the recipient to acknowledge it: there is no way to ask the recipient.
    Acknowledgements {
        /// Nobody waits in vain.
        #[default]
        Refuse = "refuse",
        /// The message goes out without.
        Ignore = "ignore",
    }
}

/// The settings of one session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) system_id: String,
    pub(crate) bind_types: Vec<Kind>,
    pub(crate) interface_versions: Vec<Version>,
    /// Empty for any.
    pub(crate) system_type: String,
    pub(crate) address_range: AddressRange,
    pub(crate) alphabet: Alphabet,
    /// Whether septets come and go packed.
    pub(crate) packed: bool,
    /// Empty for any.
    pub(crate) service_types: Vec<String>,
    /// 0 for any time.
    pub(crate) schedule_max_ms: u64,
    /// 0 for any time.
    pub(crate) validity_max_ms: u64,
    pub(crate) acknowledgements: Acknowledgements,
    pub(crate) message_id: IdForm,
    /// None: as `message_id`.
    pub(crate) receipt_id: Option<IdForm>,
    pub(crate) receipt_text: ReceiptText,
    pub(crate) deliver_with: DeliverWith,
    pub(crate) long_incoming: LongIncoming,
    /// 0 for as many as the host takes.
    pub(crate) window_in: u32,
    pub(crate) window_out: u32,
    /// 0 for never.
    pub(crate) enquire_link_ms: u64,
    pub(crate) enquire_timeout_ms: u64,
    /// 0 for never.
    pub(crate) inactivity_ms: u64,
    pub(crate) response_timeout_ms: u64,
    /// 0 for any number.
    pub(crate) unanswered_max: u32,
    pub(crate) retry_deliver_ms: u64,
    /// None: every one that is not in `deliver_never`.
    pub(crate) deliver_again: Option<Vec<CommandStatus>>,
    pub(crate) deliver_never: Vec<CommandStatus>,
    pub(crate) unbind_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            system_id: "EDGEBIND".to_owned(),
            bind_types: Kind::ALL.to_vec(),
            interface_versions: Version::ALL.to_vec(),
            system_type: String::new(),
            address_range: AddressRange::Ignore,
            alphabet: Alphabet::Gsm,
            packed: false,
            service_types: Vec::new(),
            schedule_max_ms: 30 * 86_400_000,
            validity_max_ms: 0,
            acknowledgements: Acknowledgements::Refuse,
            message_id: IdForm::Decimal,
            receipt_id: None,
            receipt_text: ReceiptText::Excerpt,
            deliver_with: DeliverWith::DeliverSm,
            long_incoming: LongIncoming::Udh,
            window_in: 0,
            window_out: 10,
            enquire_link_ms: 30_000,
            enquire_timeout_ms: 30_000,
            inactivity_ms: 0,
            response_timeout_ms: 30_000,
            unanswered_max: 3,
            retry_deliver_ms: 5_000,
            deliver_again: Some(DELIVER_AGAIN.to_vec()),
            deliver_never: Vec::new(),
            unbind_timeout_ms: 5_000,
        }
    }
}

struct Row {
    name: &'static str,
    /// To an operator, with the default.
    says: &'static str,
    read: Read,
}

/// Puts a value where it belongs. The error is the rest of a sentence that begins with the setting's name.
type Read = fn(&mut Settings, &str) -> Result<(), String>;

const TABLE: &[Row] = &[
    Row {
        name: "system_id",
        says: "Who answers a bind; up to 15 characters. Default EDGEBIND.",
        read: |to, value| octets(value, 15).map(|read| to.system_id = read),
    },
    Row {
        name: "bind_types",
        says: "The binds that are taken, of tx, rx, trx; another is refused with ESME_RBINDFAIL. Default all.",
        read: |to, value| some(value, |one| one_of(one, &Kind::ALL, Kind::name)).map(|read| to.bind_types = read),
    },
    Row {
        name: "interface_versions",
        says: "The versions that are taken, of 3.3, 3.4, 5.0 (interface_version up to 0x33, up to 0x4F, above); another is refused \
               with ESME_RBINDFAIL. Default all: clients in the field write what they like there.",
        read: |to, value| some(value, |one| one_of(one, &Version::ALL, Version::name)).map(|read| to.interface_versions = read),
    },
    Row {
        name: "system_type",
        says: "The only system_type that is taken; another is refused with ESME_RINVSYSTYP. Default none: any is taken, as clients \
               write what they like there.",
        read: |to, value| octets(value, 12).map(|read| to.system_type = read),
    },
    Row {
        name: "address_range",
        says: "ignore, or route: address_range of the bind request, a regular expression, says which incoming messages by their \
               destination this bind serves. Default ignore: clients put anything there.",
        read: |to, value| one_of(value, AddressRange::ALL, AddressRange::name).map(|read| to.address_range = read),
    },
    Row {
        name: "alphabet",
        says: "What the ESME writes and reads as data_coding 0: gsm, latin1, ascii or utf8. Default gsm.",
        read: |to, value| one_of(value, &ALPHABETS, Alphabet::name).map(|read| to.alphabet = read),
    },
    Row {
        name: "packed",
        says: "true: seven-bit text comes and goes packed, eight septets in seven octets. Only with alphabet gsm, and without \
               replace_sm, which does not say what its text is written in. Default false, as nearly every ESME does it.",
        read: |to, value| truth(value).map(|read| to.packed = read),
    },
    Row {
        name: "service_types",
        says: "The values of service_type that are taken, with commas between them, besides the empty one; another is refused with \
               ESME_RINVSERTYP. Default none: any is taken.",
        read: |to, value| list(value, |one| octets(one, 5)).map(|read| to.service_types = read),
    },
    Row {
        name: "schedule_max",
        says: "How far ahead schedule_delivery_time may lie; what lies further is refused with ESME_RINVSCHED. 0 for any time. \
               Default 30d.",
        read: |to, value| duration_or_off(value).map(|read| to.schedule_max_ms = read),
    },
    Row {
        name: "validity_max",
        says: "How long a message may be worth something, from when it may go out; a longer validity_period is cut to this. 0 for \
               any time. Default 0: the gateway's patience ends it.",
        read: |to, value| duration_or_off(value).map(|read| to.validity_max_ms = read),
    },
    Row {
        name: "acknowledgements",
        says: "What becomes of a message whose registered_delivery asks the recipient for an acknowledgement, which no upstream can \
               pass on: refuse, with ESME_RINVREGDLVFLG, or ignore, and send it without. Default refuse.",
        read: |to, value| one_of(value, Acknowledgements::ALL, Acknowledgements::name).map(|read| to.acknowledgements = read),
    },
    Row {
        name: "message_id",
        says: "How message ids are written in responses and read in requests: decimal or hex (lower-case, without leading zeros). \
               Default decimal.",
        read: |to, value| one_of(value, &IdForm::ALL, IdForm::name).map(|read| to.message_id = read),
    },
    Row {
        name: "receipt_id",
        says: "How message ids are written in receipts, in their text and in receipted_message_id: decimal or hex. Default as \
               message_id; some clients expect hex in responses and decimal in receipts.",
        read: |to, value| one_of(value, &IdForm::ALL, IdForm::name).map(|read| to.receipt_id = Some(read)),
    },
    Row {
        name: "receipt_text",
        says: "What receipts have behind text: - true, the first 20 characters of the text; false, nothing; none, the word none and a \
               blank, as Vonage's. Default true.",
        read: |to, value| one_of(value, ReceiptText::ALL, ReceiptText::name).map(|read| to.receipt_text = read),
    },
    Row {
        name: "deliver_with",
        says: "The PDU of incoming messages and receipts: deliver_sm or data_sm, where text goes as message_payload; a bind of \
               version 3.3 gets deliver_sm. Default deliver_sm: some clients hang up on the other.",
        read: |to, value| one_of(value, DeliverWith::ALL, DeliverWith::name).map(|read| to.deliver_with = read),
    },
    Row {
        name: "long_incoming",
        says: "How an incoming message goes that is longer than one short message: udh (in parts with a header), sar (in parts with \
               sar_* parameters) or payload (whole, as message_payload). A bind of version 3.3 gets udh. Default udh.",
        read: |to, value| one_of(value, LongIncoming::ALL, LongIncoming::name).map(|read| to.long_incoming = read),
    },
    Row {
        name: "window_in",
        says: "Requests about messages that a bind may have unanswered; one more is answered ESME_RTHROTTLED. 0 for as many as the \
               gateway reads. Default 0.",
        read: |to, value| number(value, 0, u32::MAX).map(|read| to.window_in = read),
    },
    Row {
        name: "window_out",
        says: "Deliveries that a bind is sent before it answers, 1 to 1000. Default 10.",
        read: |to, value| number(value, 1, WINDOW_OUT_MAX).map(|read| to.window_out = read),
    },
    Row {
        name: "enquire_link",
        says: "Quiet time before our enquire_link; 0 for never. Default 30s.",
        read: |to, value| duration_or_off(value).map(|read| to.enquire_link_ms = read),
    },
    Row {
        name: "enquire_timeout",
        says: "Quiet time after our enquire_link before the connection is closed. Long, as clients that wait for something else answer \
               late. Default 30s.",
        read: |to, value| duration(value).map(|read| to.enquire_timeout_ms = read),
    },
    Row {
        name: "inactivity",
        says: "Time without a message, or a question about one, before we unbind; enquire_link does not count. 0 for never. Default 0.",
        read: |to, value| duration_or_off(value).map(|read| to.inactivity_ms = read),
    },
    Row {
        name: "response_timeout",
        says: "Time for the response to a delivery; after it the delivery is tried again. Default 30s.",
        read: |to, value| duration(value).map(|read| to.response_timeout_ms = read),
    },
    Row {
        name: "unanswered_max",
        says: "Times in a row that deliveries may go unanswered before the connection is closed; 0 for any number. Default 3.",
        read: |to, value| number(value, 0, u32::MAX).map(|read| to.unanswered_max = read),
    },
    Row {
        name: "retry_deliver_ms",
        says: "Milliseconds until a delivery is tried again that the ESME could not take or did not answer; after each further try \
               the gateway waits twice as long, up to a minute. Default 5000.",
        read: |to, value| number(value, 0, u32::MAX).map(|read| to.retry_deliver_ms = read.into()),
    },
    Row {
        name: "deliver_again",
        says: "The answers to a delivery after which it is tried again, by number or name with commas between them, or all: every one but \
               those of deliver_never. After any other it is given up. Default ESME_RSYSERR, ESME_RMSGQFUL, ESME_RTHROTTLED, \
               ESME_RX_T_APPN.",
        read: |to, value| {
            let read = if value == "all" {
                Ok(None)
            } else {
                list(value, status).map(Some)
            };
            read.map(|read| to.deliver_again = read)
        },
    },
    Row {
        name: "deliver_never",
        says: "The answers after which a delivery is given up where deliver_again is all. Default none.",
        read: |to, value| list(value, status).map(|read| to.deliver_never = read),
    },
    Row {
        name: "unbind_timeout",
        says: "Time for the response to our unbind before the connection is closed. Default 5s.",
        read: |to, value| duration(value).map(|read| to.unbind_timeout_ms = read),
    },
];

/// Clients say "later" with the same codes that servers do, and with ESME_RX_T_APPN.
const DELIVER_AGAIN: [CommandStatus; 4] = [
    CommandStatus::RSYSERR,
    CommandStatus::RMSGQFUL,
    CommandStatus::RTHROTTLED,
    CommandStatus::RX_T_APPN,
];

const ALPHABETS: [Alphabet; 4] = [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii, Alphabet::Utf8];

impl Settings {
    /// What can be read, and a sentence for each mistake. Of two settings of one name the later wins.
    pub(crate) fn read(settings: &[Setting]) -> (Self, Vec<String>) {
        let mut read = Self::default();
        let mut mistakes = Vec::new();
        for (name, value) in settings {
            match TABLE.iter().find(|row| row.name == name) {
                Some(row) => mistakes.extend((row.read)(&mut read, value).err().map(|mistake| format!("{name} {mistake}"))),
                None => {
                    let known: Vec<&str> = known_settings().map(|(name, _)| name).collect();
                    mistakes.push(format!(
                        "{name:?} is no setting of this session; it knows {}",
                        known.join(", ")
                    ));
                }
            }
        }
        if read.packed && read.alphabet != Alphabet::Gsm {
            mistakes.push(format!("packed is for alphabet gsm, not {}", read.alphabet));
            read.packed = false;
        }
        if read.deliver_again.is_some() && !read.deliver_never.is_empty() {
            mistakes.push("deliver_never is for deliver_again all: without it every other answer means never".to_owned());
        }
        (read, mistakes)
    }

    /// Whether a delivery that was answered like this is tried again.
    pub(crate) fn delivers_again(&self, status: CommandStatus) -> bool {
        match &self.deliver_again {
            Some(again) => again.contains(&status),
            None => !self.deliver_never.contains(&status),
        }
    }

    /// How message ids are written in receipts.
    pub(crate) fn receipt_id(&self) -> IdForm {
        self.receipt_id.unwrap_or(self.message_id)
    }
}

#[cfg(test)]
mod tests;
