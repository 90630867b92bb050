//! CONFORMANCE.md is what the tables of the codec say, with what they cannot know: what becomes of each thing in the gateway and
//! which test shows it. `UPDATE_CONFORMANCE=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

mod proofs;
mod words;

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::path::Path;
use std::{env, fs};

use edgebind_smpp::tables::{COMMAND_STATUSES, Field, PDUS, Row, Rule, Sender, TLVS, Values};
use edgebind_smpp::{CommandStatus, EsmClass, Npi, Priority, RegisteredDelivery, SmDefaultMsgId, Ton};
use proofs::Proofs;
use words::{FIELDS, PARAMETERS, PDU_WORDS, STATUSES, Words};

/// The test that gets each field of each PDU wrong.
const EVERY_FIELD: &str = "every_field_that_is_wrong_is_answered_with_its_own_status";

#[test]
fn the_page_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONFORMANCE.md");
    let page = page(&Proofs::of_the_repository());
    if env::var_os("UPDATE_CONFORMANCE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "CONFORMANCE.md is not what the tables say: run this with UPDATE_CONFORMANCE=1"
    );
}

/// Words that are said about nothing are as wrong as a thing without words.
#[test]
fn every_word_is_about_something() {
    let fields: Vec<&str> = PDUS.iter().flat_map(|row| row.fields).map(|field| field.name).collect();
    let statuses: Vec<&str> = COMMAND_STATUSES.iter().filter_map(|(status, _)| status.name()).collect();
    for words in FIELDS {
        assert!(fields.contains(&words.name), "no field is called {}", words.name);
    }
    for words in PDU_WORDS {
        assert!(
            PDUS.iter().any(|row| row.command_id.name() == Some(words.name)),
            "no PDU {}",
            words.name
        );
    }
    for words in PARAMETERS {
        assert!(
            TLVS.iter().any(|rule| rule.tag.name() == Some(words.name)),
            "no parameter {}",
            words.name
        );
    }
    for words in STATUSES {
        assert!(statuses.contains(&words.name), "no command_status {}", words.name);
    }
}

fn page(proofs: &Proofs) -> String {
    let mut page = "# Conformance to SMPP 3.4\n\n\
        Every PDU, field, optional parameter and command_status: what is taken, what is answered otherwise, what becomes of it in the \
        gateway, and the test that shows it. Written by `tests/conformance_page` from the tables that the codec is made of \
        (`src/pdu/table.rs`, `src/tlv/table.rs`, `src/status.rs`). Which PDU is allowed in which state is in \
        [the session's matrix](../session/MATRIX.md).\n\n\
        A test is a function, or a page of transcripts (`guest-components/session/cases/NAME.txt`). Besides, \
        `every_pdu_there_and_back`, `every_pdu_is_the_same_to_both` (against the crate rusmpp), \
        `every_field_that_is_wrong_is_answered_with_its_own_status` and \
        `every_parameter_of_a_wrong_length_is_answered_0xc2_where_it_belongs_and_ignored_elsewhere` hold for every row.\n"
        .to_owned();
    for name in [
        "every_pdu_there_and_back",
        "every_pdu_is_the_same_to_both",
        EVERY_FIELD,
        "every_parameter_of_a_wrong_length_is_answered_0xc2_where_it_belongs_and_ignored_elsewhere",
    ] {
        proofs.check(name);
    }
    page.push_str(
        "\n## PDUs\n\n| PDU | is | command_id | SMPP 3.4 | sent by | in the gateway | shown by |\n|---|---|---|---|---|---|---|\n",
    );
    for row in PDUS {
        let words = words_about(PDU_WORDS, row.command_id.name().unwrap());
        writeln!(
            page,
            "| {} | {} | {:#010x} | {} | {} | {} | {} |",
            row.command_id,
            row.doc.trim().trim_end_matches('.'),
            row.command_id.0,
            row.section,
            sender(row.sender),
            words.how,
            proofs.list(words)
        )
        .unwrap();
    }
    page.push_str("\n## Fields\n\nC: characters of printable ASCII and a NUL, which counts.\n");
    for row in PDUS.iter().filter(|row| !row.fields.is_empty()) {
        fields(&mut page, row);
    }
    page.push_str("\nWhat becomes of them:\n\n| field | in the gateway | shown by |\n|---|---|---|\n");
    let mut seen = Vec::new();
    for field in PDUS.iter().flat_map(|row| row.fields) {
        if !seen.contains(&field.name) {
            seen.push(field.name);
            let words = words_about(FIELDS, field.name);
            writeln!(page, "| {} | {} | {} |", field.name, words.how, proofs.list(words)).unwrap();
        }
    }
    parameters(&mut page, proofs);
    statuses(&mut page, proofs);
    page
}

fn words_about(all: &'static [Words], name: &str) -> &'static Words {
    all.iter()
        .find(|words| words.name == name)
        .unwrap_or_else(|| panic!("no word about {name} in tests/conformance_page/words.rs"))
}

fn sender(sender: Sender) -> &'static str {
    match sender {
        Sender::Esme => "ESME",
        Sender::MessageCentre => "MC",
        Sender::Either => "either",
    }
}

fn fields(page: &mut String, row: &Row) {
    writeln!(
        page,
        "\n### {}\n\n| field | is | octets | values | wrong |\n|---|---|---|---|---|",
        row.command_id
    )
    .unwrap();
    for field in row.fields {
        let wrong = field.status.map_or("-".to_owned(), |status| status.to_string());
        let (octets, values) = shape(field);
        let is = field.doc.trim().trim_end_matches('.').replace('`', "");
        writeln!(page, "| {} | {is} | {octets} | {values} | {wrong} |", field.name).unwrap();
    }
    let rest = if row.fields.last().is_some_and(|field| field.kind == "tlvs") {
        "up to three octets behind the last parameter are ignored"
    } else {
        "what follows is ignored"
    };
    let body = if row.command_id.is_response() {
        "the body may be missing, and be anything beside an error; "
    } else {
        ""
    };
    writeln!(page, "\nToo short: ESME_RINVCMDLEN; {body}{rest}.").unwrap();
}

/// How many octets a field has, and which values.
fn shape(field: &Field) -> (String, String) {
    let max = || field.octets_max.unwrap_or_default();
    match (field.kind, field.value) {
        ("octet", _) => ("1".into(), "any".into()),
        ("value", Some(value)) => ("1".into(), ranges(value)),
        ("printable" | "address", _) => (format!("C, 1 to {}", max()), "any".into()),
        ("password", _) => (
            format!("1 to {}; 129 where credentials are the upstream's", max()),
            "any but NUL".into(),
        ),
        ("time", _) => ("C, 1 or 17".into(), "none, `YYMMDDhhmmsstnn+`, `-`, or `R`; on the calendar".into()),
        ("counted", _) => (
            format!("1 and 0 to {}; 255 is read", max()),
            "any, as many as sm_length says".into(),
        ),
        ("destinations", _) => (
            "1 and as many as there are".into(),
            "number_of_dests 1 to 254, 255 is read; each dest_flag 1 (ton, npi, destination_addr C, 1 to 21: \
             ESME_RINVDSTTON, ESME_RINVDSTNPI, ESME_RINVDSTADR) or 2 (dl_name C, 2 to 21: ESME_RINVDLNAME), else ESME_RINVDESTFLAG"
                .into(),
        ),
        ("unsuccesses", _) => (
            "1 and as many as there are".into(),
            "no_unsuccess 0 to 255; each ton, npi, destination_addr C, 1 to 21, error_status_code 4".into(),
        ),
        ("tlvs", _) => (
            "the rest".into(),
            "malformed: ESME_RINVOPTPARSTREAM; of a wrong length: ESME_RINVPARLEN; of a wrong value: ESME_RINVOPTPARAMVAL".into(),
        ),
        (kind, value) => panic!("no word about a field that is {kind} {value:?}"),
    }
}

/// The octets that are values of a type, as its own code says.
fn ranges(value: &str) -> String {
    let is_value: fn(u8) -> bool = match value {
        "Ton" => |octet| Ton::new(octet).is_some(),
        "Npi" => |octet| Npi::new(octet).is_some(),
        "EsmClass" => |octet| EsmClass::new(octet & 0x3C).is_some(),
        "Priority" => |octet| Priority::new(octet).is_some(),
        "RegisteredDelivery" => |octet| RegisteredDelivery::new(octet).is_some(),
        "SmDefaultMsgId" => |octet| SmDefaultMsgId::new(octet).is_some(),
        "bool" => |octet| octet <= 1,
        value => panic!("no word about {value}"),
    };
    if value == "EsmClass" {
        let types: Vec<String> = (0..0x40)
            .filter(|octet| octet & 0x03 == 0 && is_value(*octet))
            .map(|octet| format!("{octet:#04x}"))
            .collect();
        return format!("types {}; any mode, any features", types.join(", "));
    }
    let mut ranges: Vec<RangeInclusive<u8>> = Vec::new();
    for octet in (0..=u8::MAX).filter(|octet| is_value(*octet)) {
        match ranges.last_mut() {
            Some(range) if range.end() + 1 == octet => *range = *range.start()..=octet,
            _ => ranges.push(octet..=octet),
        }
    }
    listed(&ranges)
}

fn listed(ranges: &[RangeInclusive<u8>]) -> String {
    let range = |range: &RangeInclusive<u8>| match (range.start(), range.end()) {
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start} to {end}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

fn parameters(page: &mut String, proofs: &Proofs) {
    page.push_str(
        "\n## Optional parameters\n\nWrong lengths are answered ESME_RINVPARLEN, wrong values ESME_RINVOPTPARAMVAL, a value that is \
         reserved is as if the parameter were absent; of several octets the first is judged. In a PDU that is not named, and with a tag \
         that is not here, a parameter is ignored and passed on.\n\n\
         | tag | parameter | SMPP 3.4 | octets | values | PDUs | in the gateway | shown by |\n|---|---|---|---|---|---|---|---|\n",
    );
    for rule in TLVS {
        let (min, max) = (rule.length.start(), rule.length.end());
        let octets = if min == max {
            min.to_string()
        } else {
            format!("{min} to {max}")
        };
        let carriers: Vec<String> = rule.carriers.iter().map(ToString::to_string).collect();
        let (how, shown) = if carriers.is_empty() {
            ("5.0's: known by name, passed on".to_owned(), String::new())
        } else {
            let words = words_about(PARAMETERS, rule.tag.name().unwrap());
            (
                format!("{} {}", rule.doc.trim(), words.how).trim().to_owned(),
                proofs.list(words),
            )
        };
        writeln!(
            page,
            "| {:#06x} | {} | {} | {octets} | {} | {} | {how} | {shown} |",
            rule.tag.0,
            rule.tag,
            rule.section,
            values(rule),
            carriers.join(", "),
        )
        .unwrap();
    }
}

fn values(rule: &Rule) -> String {
    match &rule.values {
        Values::Any => "any".to_owned(),
        Values::Listed(ranges) => format!("{}; others are reserved", listed(ranges)),
        Values::Within(range) => format!("{}; others are wrong", listed(std::slice::from_ref(range))),
        Values::Text => "printable ASCII, with or without its NUL; others are wrong".to_owned(),
    }
}

fn statuses(page: &mut String, proofs: &Proofs) {
    page.push_str(
        "\n## command_status\n\n| value | command_status | means | of a field | in the gateway | shown by |\n|---|---|---|---|---|---|\n",
    );
    for (status, doc) in COMMAND_STATUSES {
        let name = status.name().unwrap();
        let (how, shown) = match STATUSES.iter().find(|words| words.name == name) {
            Some(words) => (words.how, proofs.list(words)),
            None if status.0 >= 0x100 => ("5.0's: known by name, never sent", String::new()),
            None if !of_fields(*status).is_empty() => ("sent for that alone", format!("`{EVERY_FIELD}`")),
            None => panic!("no word about {name} in tests/conformance_page/words.rs"),
        };
        writeln!(
            page,
            "| {:#04x} | {name} | {} | {} | {how} | {shown} |",
            status.0,
            doc.trim(),
            of_fields(*status).join(", ")
        )
        .unwrap();
    }
}

/// The fields that are answered with this when they are wrong.
fn of_fields(status: CommandStatus) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for field in PDUS
        .iter()
        .flat_map(|row| row.fields)
        .filter(|field| field.status == Some(status))
    {
        if !names.contains(&field.name) {
            names.push(field.name);
        }
    }
    names
}
