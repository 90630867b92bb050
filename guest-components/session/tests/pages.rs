//! MATRIX.md and SETTINGS.md are what the tables in the code say. `UPDATE_PAGES=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use edgebind_session::{
    known_settings,
    matrix::{MATRIX, Ruling, Sender},
};
use std::{env, fmt::Write, fs, path::Path};

fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written, page,
        "{name} is not what the code says: run this with UPDATE_PAGES=1"
    );
}

#[test]
fn matrix() {
    let mut page = "# Operations by state\n\n\
        Which side may send what, and what becomes of it where it may not: SMPP 3.4 §2.3, read as SMPP 5.0 §2.4 does where it can be \
        read in two ways. Written by `tests/pages.rs` from `src/matrix.rs`, which the machine asks about every PDU.\n\n\
        | operation | SMPP 3.4 | sent by | OPEN | BOUND_TX | BOUND_RX | BOUND_TRX | otherwise |\n\
        |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for operation in MATRIX {
        let sender = match operation.sender {
            Sender::Esme => "ESME",
            Sender::Mc => "MC",
        };
        write!(page, "| {} | {} | {sender} |", operation.command, operation.section).unwrap();
        for allowed in operation.allowed {
            page.push_str(if allowed { " yes |" } else { " - |" });
        }
        let always = operation.allowed.iter().all(|allowed| *allowed);
        let otherwise = match operation.otherwise {
            _ if always => "-".to_owned(),
            Ruling::Refused(status) => format!("{} {status}", operation.command.response()),
            Ruling::Nacked(status) => format!("generic_nack {status}"),
            Ruling::Dropped if operation.sender == Sender::Mc => "not sent".to_owned(),
            Ruling::Dropped | Ruling::Allowed => "dropped".to_owned(),
        };
        writeln!(page, " {otherwise} |").unwrap();
    }
    page.push_str(
        "\nA request that has no row, or none for an ESME, is answered generic_nack ESME_RINVCMDID; a response that answers nothing is \
         dropped.\nResponses of the MC are not listed: they go where their requests come from.\n",
    );
    check("MATRIX.md", &page);
}

#[test]
fn settings() {
    let mut page = "# Settings of the session\n\n\
        For a release, and for an account, which wins. Written by `tests/pages.rs` from `src/settings.rs`. Times are written `500ms`, \
        `30s`, `5m`, `1h`, `7d`, or as a number of seconds.\n\n\
        | setting | says |\n|---|---|\n"
        .to_owned();
    for (name, says) in known_settings() {
        writeln!(page, "| `{name}` | {says} |").unwrap();
    }
    check("SETTINGS.md", &page);
}
