//! Every setting by name, and every way to get one wrong.

use super::*;

fn settings(settings: &[(&str, &str)]) -> Vec<Setting> {
    settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn every_setting_is_read() {
    let written = [
        ("system_id", "SMSC"),
        ("bind_types", "tx, trx"),
        ("interface_versions", "3.4,5.0"),
        ("system_type", "VMA"),
        ("address_range", "route"),
        ("alphabet", "gsm"),
        ("packed", "true"),
        ("service_types", "CMT, WAP"),
        ("schedule_max", "7d"),
        ("validity_max", "48h"),
        ("acknowledgements", "ignore"),
        ("message_id", "hex"),
        ("receipt_id", "decimal"),
        ("receipt_text", "false"),
        ("deliver_with", "data_sm"),
        ("long_incoming", "sar"),
        ("window_in", "50"),
        ("window_out", "1000"),
        ("enquire_link", "0"),
        ("enquire_timeout", "90"),
        ("inactivity", "5m"),
        ("response_timeout", "1500ms"),
        ("unanswered_max", "0"),
        ("retry_deliver_ms", "100"),
        ("deliver_again", "all"),
        ("deliver_never", "0x65, 102,ESME_RSUBMITFAIL"),
        ("unbind_timeout", "1h"),
    ];
    assert_eq!(
        written.map(|(name, _)| name).to_vec(),
        known_settings().map(|(name, _)| name).collect::<Vec<_>>()
    );
    let (read, mistakes) = Settings::read(&settings(&written));
    assert_eq!(mistakes, Vec::<String>::new());
    let expected = Settings {
        system_id: "SMSC".to_owned(),
        bind_types: vec![Kind::Transmitter, Kind::Transceiver],
        interface_versions: vec![Version::V3_4, Version::V5_0],
        system_type: "VMA".to_owned(),
        address_range: AddressRange::Route,
        alphabet: Alphabet::Gsm,
        packed: true,
        service_types: vec!["CMT".to_owned(), "WAP".to_owned()],
        schedule_max_ms: 604_800_000,
        validity_max_ms: 172_800_000,
        acknowledgements: Acknowledgements::Ignore,
        message_id: IdForm::Hex,
        receipt_id: Some(IdForm::Decimal),
        receipt_text: ReceiptText::Nothing,
        deliver_with: DeliverWith::DataSm,
        long_incoming: LongIncoming::Sar,
        window_in: 50,
        window_out: 1000,
        enquire_link_ms: 0,
        enquire_timeout_ms: 90_000,
        inactivity_ms: 300_000,
        response_timeout_ms: 1_500,
        unanswered_max: 0,
        retry_deliver_ms: 100,
        deliver_again: None,
        deliver_never: vec![CommandStatus(0x65), CommandStatus(0x66), CommandStatus::RSUBMITFAIL],
        unbind_timeout_ms: 3_600_000,
    };
    assert_eq!(read, expected);
}

#[test]
fn the_later_one_wins() {
    let (read, _) = Settings::read(&settings(&[("window_out", "1"), ("window_out", "2")]));
    assert_eq!(read.window_out, 2);
}

#[test]
fn receipts_have_the_ids_of_responses_unless_told_otherwise() {
    let (read, _) = Settings::read(&settings(&[("message_id", "hex")]));
    assert_eq!(read.receipt_id(), IdForm::Hex);
    let (read, _) = Settings::read(&settings(&[("message_id", "hex"), ("receipt_id", "decimal")]));
    assert_eq!(read.receipt_id(), IdForm::Decimal);
}

#[test]
fn a_sentence_for_each_mistake() {
    let mistakes = check(&settings(&[
        ("system_id", "SIXTEEN-OCTETS-X"),
        ("bind_types", "tx,rtx"),
        ("interface_versions", ""),
        ("alphabet", "GSM"),
        ("service_types", "CMT,SIXSIX"),
        ("message_id", "hexadecimal"),
        ("window_out", "1001"),
        ("window_out", "0"),
        ("enquire_link", "soon"),
        ("response_timeout", "0"),
        ("retry_deliver_ms", "-1"),
        ("deliver_again", "0x64,ESME_ROK"),
        ("deliver_never", "0x"),
        ("window", "10"),
    ]));
    let expected = [
        r#"system_id "SIXTEEN-OCTETS-X" is not up to 15 printable ASCII characters without a blank"#,
        r#"bind_types "rtx" is none of tx, rx, trx"#,
        r#"interface_versions "" is none of 3.3, 3.4, 5.0"#,
        r#"alphabet "GSM" is none of gsm, latin1, ascii, utf8"#,
        r#"service_types "SIXSIX" is not up to 5 printable ASCII characters without a blank"#,
        r#"message_id "hexadecimal" is none of decimal, hex"#,
        r#"window_out "1001" is no number from 1 to 1000"#,
        r#"window_out "0" is no number from 1 to 1000"#,
        r#"enquire_link "soon" is no time such as 30, 30s, 500ms, 5m, 1h or 7d"#,
        r#"response_timeout "0" is not more than 0"#,
        r#"retry_deliver_ms "-1" is no number from 0 to 4294967295"#,
        r#"deliver_again "ESME_ROK" is no command_status of a failure such as 0x64 or ESME_RX_T_APPN"#,
        r#"deliver_never "0x" is no command_status of a failure such as 0x64 or ESME_RX_T_APPN"#,
    ];
    assert_eq!(mistakes[..13], expected);
    assert!(mistakes[13].starts_with(r#""window" is no setting of this session; it knows system_id, bind_types"#));
}

#[test]
fn a_list_of_what_means_never_needs_a_rest_that_means_again() {
    let mistakes = check(&settings(&[("deliver_never", "0x65")]));
    assert_eq!(
        mistakes,
        ["deliver_never is for deliver_again all: without it every other answer means never"]
    );
}

#[test]
fn what_is_packed_is_gsm() {
    let mistakes = check(&settings(&[("packed", "true"), ("alphabet", "latin1")]));
    assert_eq!(mistakes, ["packed is for alphabet gsm, not latin1"]);
    assert_eq!(
        check(&settings(&[("packed", "false"), ("alphabet", "latin1")])),
        Vec::<String>::new()
    );
}
