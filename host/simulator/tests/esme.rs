//! The ESME against a server that is a test: every PDU of the other side is written here.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

use std::time::Duration;

use edgebind_simulator::esme::{Address, Alert, BindKind, Esme, Failure, Frame, Reaction, Standing, Submit, ToMany, Wire};
use edgebind_smpp::{
    AlertNotification, BindResp, CommandId, CommandStatus, DataSm, DataSmResp, EsmClass, MessageIdResp, MessageState, Npi,
    Outbind, Pdu, QuerySmResp, ShortMessage, SubmitMultiResp, Tag, Time, TlvList, Ton, Unsuccess, UnsuccessList, encode,
    encode_header_only,
};

const SOON: Duration = Duration::from_secs(10);

/// An ESME and the other end of its connection.
fn pair() -> (Esme, Wire) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    (Esme::over(Wire::over(ours)), Wire::over(theirs))
}

async fn next(server: &mut Wire) -> Frame {
    server.frame(SOON).await.unwrap().unwrap()
}

async fn answer(server: &mut Wire, sequence_number: u32, pdu: Pdu<'_>) {
    server.send_pdu(sequence_number, &pdu).await.unwrap();
}

async fn refuse(server: &mut Wire, frame: &Frame, status: CommandStatus) {
    let mut octets = Vec::new();
    encode_header_only(
        &mut octets,
        frame.header.command_id.response(),
        status,
        frame.header.sequence_number,
    );
    server.send(&octets).await.unwrap();
}

fn deliver(text: &[u8], esm_class: EsmClass) -> Pdu<'_> {
    Pdu::DeliverSm(ShortMessage {
        source_addr_ton: Ton::INTERNATIONAL,
        source_addr_npi: Npi::ISDN,
        source_addr: b"447700900123",
        destination_addr: b"12345",
        esm_class,
        short_message: text,
        ..ShortMessage::default()
    })
}

#[tokio::test]
async fn a_bind_is_taken_or_refused() {
    let (esme, mut server) = pair();
    let (system_id, ()) = tokio::join!(esme.bind(BindKind::Transceiver, "esme01", "secret08"), async {
        let frame = next(&mut server).await;
        match frame.pdu().unwrap() {
            Pdu::BindTransceiver(bind) => {
                assert_eq!(
                    (bind.system_id, bind.password, bind.interface_version),
                    (&b"esme01"[..], &b"secret08"[..], 0x34)
                );
            }
            other => panic!("{other:?}"),
        }
        let body = BindResp {
            system_id: b"SMSC",
            ..BindResp::default()
        };
        answer(&mut server, frame.header.sequence_number, Pdu::BindTransceiverResp(body)).await;
    });
    assert_eq!(system_id.unwrap(), "SMSC");
    let (again, ()) = tokio::join!(esme.bind(BindKind::Transmitter, "esme01", "longer-than-eight"), async {
        let frame = next(&mut server).await;
        refuse(&mut server, &frame, CommandStatus::RALYBND).await;
    });
    assert_eq!(again, Err(Failure::Refused(CommandStatus::RALYBND)));
}

#[tokio::test]
async fn answers_find_their_requests_in_any_order() {
    let (esme, mut server) = pair();
    let (one, two) = (
        Submit::text("ACME", "+447700900123", "one"),
        Submit::text("ACME", "+447700900123", "two"),
    );
    let (first, second, ()) = tokio::join!(esme.submit(&one), esme.submit(&two), async {
        let (first, second) = (next(&mut server).await, next(&mut server).await);
        for (frame, id) in [(&second, "22"), (&first, "11")] {
            let body = MessageIdResp {
                message_id: id.as_bytes(),
            };
            answer(&mut server, frame.header.sequence_number, Pdu::SubmitSmResp(body)).await;
        }
    });
    assert_eq!(
        (first.unwrap(), second.unwrap()),
        (vec!["11".to_owned()], vec!["22".to_owned()])
    );
}

#[tokio::test]
async fn a_long_message_stops_at_the_part_that_is_refused() {
    let (esme, mut server) = pair();
    let long = Submit::text("ACME", "+447700900123", &"a".repeat(400));
    let (failure, ()) = tokio::join!(esme.submit(&long), async {
        let first = next(&mut server).await;
        answer(
            &mut server,
            first.header.sequence_number,
            Pdu::SubmitSmResp(MessageIdResp { message_id: b"1" }),
        )
        .await;
        let second = next(&mut server).await;
        refuse(&mut server, &second, CommandStatus::RTHROTTLED).await;
    });
    assert_eq!(failure, Err(Failure::Refused(CommandStatus::RTHROTTLED)));
    assert_eq!(
        server.frame(Duration::from_millis(20)).await.unwrap_err().kind(),
        std::io::ErrorKind::TimedOut,
        "no third part"
    );
}

#[tokio::test]
async fn a_message_goes_to_many_and_some_are_refused() {
    let (esme, mut server) = pair();
    let to = [Address::of("+447700900123"), Address::of("12345")];
    let submit = Submit::text("ACME", "", "Hi");
    let (answers, ()) = tokio::join!(esme.submit_multi(&submit, &to, &["staff"]), async {
        let frame = next(&mut server).await;
        match frame.pdu().unwrap() {
            Pdu::SubmitMulti(multi) => assert_eq!((multi.dest_addresses.len(), multi.short_message), (3, &b"Hi"[..])),
            other => panic!("{other:?}"),
        }
        let mut refused = UnsuccessList::new();
        refused
            .push(Unsuccess {
                dest_addr_ton: Ton::UNKNOWN,
                dest_addr_npi: Npi::ISDN,
                destination_addr: b"12345",
                error_status_code: CommandStatus::RINVDSTADR,
            })
            .unwrap();
        let body = SubmitMultiResp {
            message_id: b"17",
            unsuccess_smes: refused.unsuccesses(),
        };
        answer(&mut server, frame.header.sequence_number, Pdu::SubmitMultiResp(body)).await;
    });
    let expected = ToMany {
        id: "17".into(),
        refused: vec![(Address::of("12345"), CommandStatus::RINVDSTADR)],
    };
    assert_eq!(answers.unwrap(), [expected]);
}

#[tokio::test]
async fn a_message_goes_as_data() {
    let (esme, mut server) = pair();
    let submit = Submit::text("ACME", "+447700900123", "Hi");
    let (id, ()) = tokio::join!(esme.submit_data(&submit), async {
        let frame = next(&mut server).await;
        match frame.pdu().unwrap() {
            Pdu::DataSm(data) => {
                assert_eq!(data.destination_addr, b"447700900123");
                assert_eq!(data.tlvs.get(Tag::MESSAGE_PAYLOAD).unwrap().value, b"Hi");
            }
            other => panic!("{other:?}"),
        }
        let body = DataSmResp {
            message_id: b"17",
            ..DataSmResp::default()
        };
        answer(&mut server, frame.header.sequence_number, Pdu::DataSmResp(body)).await;
    });
    assert_eq!(id.unwrap(), "17");
}

#[tokio::test]
async fn questions_about_a_message_are_asked() {
    let (esme, mut server) = pair();
    let (source, other) = (Address::of("ACME"), Address::of("+447700900123"));
    let standing = Standing {
        id: "17".into(),
        state: MessageState::DELIVERED,
        final_date: Time::at(1_787_213_730_000).unwrap(),
        error_code: 3,
    };
    let replacement = Submit::text("ACME", "", "instead");
    let asking = async {
        assert_eq!(esme.query("17", &source).await.unwrap(), standing);
        assert_eq!(esme.cancel("17", &source, &other).await, Ok(()));
        esme.replace("17", &replacement).await
    };
    let (replaced, ()) = tokio::join!(asking, async {
        let query = next(&mut server).await;
        assert!(matches!(query.pdu().unwrap(), Pdu::QuerySm(query) if query.message_id == b"17" && query.source_addr == b"ACME"));
        let body = QuerySmResp {
            message_id: b"17",
            final_date: standing.final_date,
            message_state: standing.state,
            error_code: standing.error_code,
        };
        answer(&mut server, query.header.sequence_number, Pdu::QuerySmResp(body)).await;
        let cancel = next(&mut server).await;
        assert!(matches!(cancel.pdu().unwrap(), Pdu::CancelSm(cancel) if cancel.destination_addr == b"447700900123"));
        answer(&mut server, cancel.header.sequence_number, Pdu::CancelSmResp).await;
        let replace = next(&mut server).await;
        assert!(matches!(replace.pdu().unwrap(), Pdu::ReplaceSm(replace) if replace.short_message == b"instead"));
        refuse(&mut server, &replace, CommandStatus::RREPLACEFAIL).await;
    });
    assert_eq!(replaced, Err(Failure::Refused(CommandStatus::RREPLACEFAIL)));
}

#[tokio::test]
async fn an_answer_is_had_whatever_its_status() {
    let (esme, mut server) = pair();
    let (frame, ()) = tokio::join!(esme.exchange(&Pdu::EnquireLink), async {
        let frame = next(&mut server).await;
        refuse(&mut server, &frame, CommandStatus::RSYSERR).await;
    });
    assert_eq!(frame.unwrap().header.command_status, CommandStatus::RSYSERR);
}

#[tokio::test]
async fn data_is_delivered_as_messages_and_receipts_are() {
    let (esme, mut server) = pair();
    let receipt = b"id:17 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:";
    for (sequence_number, esm_class, payload) in [(1, EsmClass::MESSAGE, &b"Hi"[..]), (2, EsmClass::RECEIPT, receipt)] {
        let mut tlvs = TlvList::new();
        tlvs.push(Tag::MESSAGE_PAYLOAD, payload).unwrap();
        let data = DataSm {
            source_addr: b"447700900123",
            esm_class,
            tlvs: tlvs.tlvs(),
            ..DataSm::default()
        };
        answer(&mut server, sequence_number, Pdu::DataSm(data)).await;
        let frame = next(&mut server).await;
        assert_eq!((frame.header.command_id, frame.octets.len()), (CommandId::DATA_SM_RESP, 17));
    }
    let inbox = esme.inbox();
    assert_eq!(inbox.messages[0].text.as_deref(), Some("Hi"));
    assert_eq!(inbox.receipt_of("17").unwrap().state, Some(MessageState::DELIVERED));
}

#[tokio::test]
async fn alerts_and_outbinds_are_kept_and_not_answered() {
    let (esme, mut server) = pair();
    let mut tlvs = TlvList::new();
    tlvs.push(Tag::MS_AVAILABILITY_STATUS, &[0]).unwrap();
    let alert = AlertNotification {
        source_addr: b"12345",
        esme_addr: b"67890",
        tlvs: tlvs.tlvs(),
        ..AlertNotification::default()
    };
    answer(&mut server, 1, Pdu::AlertNotification(alert)).await;
    let outbind = Outbind {
        system_id: b"SMSC",
        ..Outbind::default()
    };
    answer(&mut server, 2, Pdu::Outbind(outbind)).await;
    answer(&mut server, 3, Pdu::EnquireLink).await;
    let first = next(&mut server).await;
    assert_eq!(first.header.sequence_number, 3, "what came before has no answer");
    let unknown = |digits: &str| Address::new(Ton::UNKNOWN, Npi::UNKNOWN, digits);
    let expected = Alert {
        source: unknown("12345"),
        esme: unknown("67890"),
        availability: Some(0),
    };
    assert_eq!(esme.inbox().alerts, [expected]);
    assert_eq!(esme.outbinds(), ["SMSC"]);
}

#[tokio::test]
async fn deliveries_are_answered_as_asked() {
    let (esme, mut server) = pair();
    esme.react_next(1, Reaction::Refuse(CommandStatus::RX_T_APPN));
    esme.react_next(1, Reaction::Ignore);
    esme.react_next(1, Reaction::Slow(Duration::from_millis(20)));
    for sequence_number in 1..=4 {
        answer(&mut server, sequence_number, deliver(b"Hi", EsmClass::MESSAGE)).await;
    }
    let mut answers = Vec::new();
    for _ in 0..3 {
        let frame = next(&mut server).await;
        assert_eq!(
            (frame.header.command_id, frame.octets.len()),
            (CommandId::DELIVER_SM_RESP, 17)
        );
        answers.push((frame.header.sequence_number, frame.header.command_status));
    }
    answers.sort_unstable();
    assert_eq!(
        answers,
        [
            (1, CommandStatus::RX_T_APPN),
            (3, CommandStatus::ROK),
            (4, CommandStatus::ROK)
        ]
    );
    let inbox = esme.inbox();
    assert_eq!((inbox.delivered, inbox.messages.len()), (4, 2));
    assert_eq!(inbox.messages[0].text.as_deref(), Some("Hi"));
}

#[tokio::test]
async fn a_receipt_is_waited_for_by_its_id() {
    let (esme, mut server) = pair();
    let text = b"id:17 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:UNDELIV err:012 text:";
    let (receipt, ()) = tokio::join!(
        esme.receipt_of("17", SOON),
        answer(&mut server, 1, deliver(text, EsmClass::RECEIPT))
    );
    let receipt = receipt.unwrap();
    assert_eq!(
        (
            receipt.error.as_str(),
            receipt.source.digits.as_str(),
            receipt.destination.digits.as_str()
        ),
        ("012", "447700900123", "12345")
    );
    assert!(esme.receipt_of("18", Duration::from_millis(1)).await.is_err());
}

#[tokio::test]
async fn the_links_of_the_server_are_answered_unless_forbidden() {
    let (esme, mut server) = pair();
    answer(&mut server, 5, Pdu::EnquireLink).await;
    assert_eq!(next(&mut server).await.header.command_id, CommandId::ENQUIRE_LINK_RESP);
    esme.answer_links(false, true);
    answer(&mut server, 6, Pdu::EnquireLink).await;
    answer(&mut server, 7, Pdu::Unbind).await;
    assert_eq!(next(&mut server).await.header.command_id, CommandId::UNBIND_RESP);
    assert_eq!((esme.enquire_links(), esme.unbinds()), (2, 1));
    let mut octets = Vec::new();
    encode_header_only(&mut octets, CommandId(0x77), CommandStatus::ROK, 8);
    encode_header_only(&mut octets, CommandId::GENERIC_NACK, CommandStatus::RINVCMDLEN, 0);
    server.send(&octets).await.unwrap();
    let nack = next(&mut server).await;
    assert_eq!(
        (nack.header.command_id, nack.header.command_status),
        (CommandId::GENERIC_NACK, CommandStatus::RINVCMDID)
    );
    server.half_close().await.unwrap();
    esme.wait_for_end(SOON).await.unwrap();
    assert_eq!(esme.nacks(), [CommandStatus::RINVCMDLEN]);
}

#[tokio::test]
async fn the_end_of_the_connection_ends_all_that_waits() {
    let (esme, mut server) = pair();
    let (failure, ()) = tokio::join!(esme.enquire_link(), async {
        next(&mut server).await;
        drop(server);
    });
    assert_eq!(failure, Err(Failure::Ended));
    assert_eq!(esme.enquire_link().await, Err(Failure::Ended));
    assert!(esme.has_ended());
}

#[tokio::test]
async fn a_stream_out_of_step_is_told_from_its_end() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let (mut client, mut server) = (Wire::over(ours), Wire::over(theirs));
    let mut octets = Vec::new();
    encode(&mut octets, CommandStatus::ROK, 1, &Pdu::EnquireLink).unwrap();
    octets.extend([0, 0, 0, 8]);
    server.send(&octets).await.unwrap();
    assert_eq!(client.frame(SOON).await.unwrap().unwrap().header.sequence_number, 1);
    assert_eq!(client.frame(SOON).await.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    let (ours, theirs) = tokio::io::duplex(1024);
    drop(theirs);
    assert!(Wire::over(ours).ends(SOON).await);
}
