//! Vonage's word for what it did with a message, or a part of one: the `status` of an answer to `POST /sms/json`.
//!
//! Who waits decides by whose fault it is. What the message itself is to blame for is `dead`, with the command_status that says so and the
//! number of Vonage's err-code that comes closest, so that an ESME sees one table in `err:`. What the account, the credentials or our own
//! settings are to blame for is `retry`: someone will put it right, and the message's validity is the bound.

use edgebind_smpp::CommandStatus as Status;

/// What a status means for a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// It has it.
    Taken,
    /// Not so fast.
    Throttled,
    /// Not now, for a reason of its own.
    Later,
    /// When people have done something.
    Configuration,
    /// Never: command_status, and err-code.
    Dead(Status, u16),
}

/// The number, what it means, and in words.
pub(crate) const TABLE: [(u16, Meaning, &str); 29] = {
    use Meaning::{Configuration, Dead, Later, Taken, Throttled};
    [
        (0, Taken, "taken"),
        (1, Throttled, "throttled"),
        (2, Dead(Status::RSUBMITFAIL, 99), "a parameter is missing"),
        (3, Dead(Status::RSUBMITFAIL, 99), "a parameter is invalid"),
        (4, Configuration, "the credentials are not good"),
        (5, Later, "an error of its own"),
        (6, Dead(Status::RINVDSTADR, 11), "the message cannot be routed"),
        (7, Dead(Status::RINVDSTADR, 14), "the number is barred"),
        (8, Configuration, "the account is barred"),
        (9, Configuration, "the account has no credit"),
        (10, Later, "too many connections"),
        (11, Configuration, "the account is not enabled for HTTP"),
        (12, Dead(Status::RINVMSGLEN, 10), "the message is too long"),
        (13, Later, "its network did not answer"),
        (14, Configuration, "the signature is not good"),
        (15, Dead(Status::RINVSRCADR, 51), "the sender is not allowed"),
        (16, Dead(Status::RINVEXPIRY, 10), "the ttl is invalid"),
        (17, Dead(Status::RSUBMITFAIL, 6), "blocked by the provider"),
        (19, Dead(Status::RSUBMITFAIL, 99), "the account may not do this"),
        (20, Dead(Status::RSUBMITFAIL, 10), "the message class is invalid"),
        (22, Dead(Status::RINVDSTADR, 11), "the network code is invalid"),
        (23, Configuration, "the callback URL is not taken: is webhook_base_url right?"),
        (29, Dead(Status::RINVDSTADR, 11), "a demo account may not send to this number"),
        (32, Configuration, "signature and secret together"),
        (33, Dead(Status::RINVDSTADR, 9), "the number is de-activated"),
        (34, Dead(Status::RINVDSTADR, 11), "the number is invalid or missing"),
        (101, Dead(Status::RSUBMITFAIL, 51), "refused by the rules of a US short code"),
        (102, Dead(Status::RSUBMITFAIL, 51), "refused by the rules of a US short code"),
        (103, Dead(Status::RSUBMITFAIL, 51), "refused by the rules of a US short code"),
    ]
};

/// What a status means; one that is not in the table is no better than a refusal, because nobody knows what would mend it.
pub(crate) fn meaning(status: u16) -> (Meaning, &'static str) {
    TABLE.iter().find(|(known, _, _)| *known == status).map_or(
        (Meaning::Dead(Status::RSUBMITFAIL, 99), "a status not known here"),
        |(_, meaning, words)| (*meaning, *words),
    )
}

/// What exactly is wrong, where Vonage names the parameter: `Missing from param`, `Invalid value for to`.
pub(crate) fn narrowed(meaning: Meaning, text: &str) -> Meaning {
    if !matches!(meaning, Meaning::Dead(Status::RSUBMITFAIL, 99)) {
        return meaning;
    }
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    words
        .find_map(|word| match word.to_ascii_lowercase().as_str() {
            "from" => Some(Meaning::Dead(Status::RINVSRCADR, 51)),
            "to" | "msisdn" => Some(Meaning::Dead(Status::RINVDSTADR, 11)),
            "text" | "body" | "udh" => Some(Meaning::Dead(Status::RINVMSGLEN, 10)),
            "ttl" => Some(Meaning::Dead(Status::RINVEXPIRY, 10)),
            "api_key" | "api_secret" | "sig" | "timestamp" | "callback" => Some(Meaning::Configuration),
            _ => None,
        })
        .unwrap_or(meaning)
}
