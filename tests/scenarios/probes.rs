//! What an operator would probe before letting a gateway near a customer: each row was tried on the other servers there are,
//! each of which fails some of them, and each has one right answer here.

use std::net::SocketAddr;

use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::wire::{Frame, Submit, Wire, bind, id, pdu, status, tag, tlv};

use crate::neighbour::{Deed, all_are_answered, still_up};

#[tokio::test(flavor = "multi_thread")]
async fn every_probe_gets_its_answer() {
    all_are_answered(|smpp| {
        let probes: [(_, Deed); 17] = [
            ("second bind", Box::pin(second_bind(smpp))),
            ("submit before bind", Box::pin(submit_before_bind(smpp))),
            ("submit on a receiver", Box::pin(submit_on_a_receiver(smpp))),
            ("bind, submit and enquire in one segment", Box::pin(all_in_one_segment(smpp))),
            ("unknown command_id", Box::pin(unknown_command_id(smpp))),
            ("command_length 8", Box::pin(impossible_command_length(smpp, 8))),
            (
                "command_length 0x7fffffff",
                Box::pin(impossible_command_length(smpp, 0x7FFF_FFFF)),
            ),
            ("truncated body", Box::pin(truncated_body(smpp))),
            ("sm_length too big", Box::pin(sm_length_beyond_the_body(smpp))),
            ("TLV longer than the PDU", Box::pin(tlv_beyond_the_pdu(smpp))),
            ("unknown vendor TLV", Box::pin(unknown_vendor_tlv(smpp))),
            ("message_payload of 2000 octets", Box::pin(large_message_payload(smpp))),
            ("empty destination", Box::pin(empty_destination(smpp))),
            ("bad schedule time", Box::pin(bad_schedule(smpp))),
            ("unbind", Box::pin(unbind(smpp))),
            ("ten submits, then a half-close", Box::pin(ten_submits_then_half_close(smpp))),
            ("no bind", Box::pin(no_bind(smpp))),
        ];
        probes.into()
    })
    .await;
}

async fn second_bind(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&bind(id::BIND_TRANSMITTER, 77, SYSTEM_ID, PASSWORD)).await;
    let refusal = Frame {
        id: id::BIND_TRANSMITTER | id::RESPONSE,
        status: status::RALYBND,
        sequence: 77,
        body: vec![],
    };
    assert_eq!(wire.frame().await, refusal);
    still_up(&mut wire).await;
}

/// Its own response and not a generic_nack; and a reason to bind now, not to hang up.
async fn submit_before_bind(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    wire.send(&Submit::default().pdu(5)).await;
    let refusal = Frame {
        id: id::SUBMIT_SM | id::RESPONSE,
        status: status::RINVBNDSTS,
        sequence: 5,
        body: vec![],
    };
    assert_eq!(wire.frame().await, refusal);
    wire.send(&bind(id::BIND_TRANSCEIVER, 6, SYSTEM_ID, PASSWORD)).await;
    assert_eq!(wire.frame().await.status, status::ROK);
    still_up(&mut wire).await;
}

async fn submit_on_a_receiver(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_RECEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire.submit(&Submit::default()).await;
    assert_eq!((refusal.status, refusal.body), (status::RINVBNDSTS, vec![]));
    wire.enquire().await;
}

async fn all_in_one_segment(smpp: SocketAddr) {
    let mut wire = Wire::connect(smpp).await;
    let all = [
        bind(id::BIND_TRANSMITTER, 1, SYSTEM_ID, PASSWORD),
        Submit::default().pdu(2),
        pdu(id::ENQUIRE_LINK, 3, &[]),
    ];
    wire.send(&all.concat()).await;
    let first = wire.frame().await;
    assert_eq!(
        (first.id, first.status),
        (id::BIND_TRANSMITTER | id::RESPONSE, status::ROK),
        "{first:?}"
    );
    let mut others = [wire.frame().await, wire.frame().await];
    others.sort_by_key(|frame| frame.sequence);
    assert_eq!(
        others.map(|frame| (frame.id & !id::RESPONSE, frame.status)),
        [(id::SUBMIT_SM, 0), (id::ENQUIRE_LINK, 0)]
    );
}

async fn unknown_command_id(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    for unknown in [0x0000_0400, 0x0001_0200, 0x0000_000B] {
        wire.send(&pdu(unknown, 0x7FFF_FFFF, b"whatever it means")).await;
        let nack = Frame {
            id: id::GENERIC_NACK,
            status: status::RINVCMDID,
            sequence: 0x7FFF_FFFF,
            body: vec![],
        };
        assert_eq!(wire.frame().await, nack);
    }
    still_up(&mut wire).await;
}

/// Decided as soon as the length is there, before a bind and after it.
async fn impossible_command_length(smpp: SocketAddr, length: u32) {
    for mut wire in [
        Wire::connect(smpp).await,
        Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await,
    ] {
        wire.send(&length.to_be_bytes()).await;
        let nack = wire.frame().await;
        assert_eq!((nack.id, nack.status), (id::GENERIC_NACK, status::RINVCMDLEN), "{nack:?}");
        wire.closed().await;
    }
}

async fn truncated_body(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let whole = Submit::default().pdu(0);
    for length in 16..whole.len() {
        let sequence = wire.next_sequence();
        wire.send(&pdu(id::SUBMIT_SM, sequence, &whole[16..length])).await;
        let refusal = wire.frame().await;
        assert_eq!(
            (refusal.id, refusal.sequence),
            (id::SUBMIT_SM | id::RESPONSE, sequence),
            "{refusal:?}"
        );
        assert_ne!(refusal.status, status::ROK, "a submit_sm cut to {length} octets");
    }
    still_up(&mut wire).await;
}

async fn sm_length_beyond_the_body(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire
        .submit(&Submit {
            sm_length: Some(200),
            ..Submit::default()
        })
        .await;
    assert!(
        [status::RINVMSGLEN, status::RINVCMDLEN].contains(&refusal.status),
        "{refusal:?}"
    );
    still_up(&mut wire).await;
}

async fn tlv_beyond_the_pdu(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let mut tail = tlv(tag::MESSAGE_PAYLOAD, b"said to be longer");
    tail[3] += 100;
    let refusal = wire
        .submit(&Submit {
            tail,
            ..Submit::default()
        })
        .await;
    assert_eq!(refusal.status, status::RINVOPTPARSTREAM, "{refusal:?}");
    still_up(&mut wire).await;
}

async fn unknown_vendor_tlv(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let tail = [tlv(0x1400, b"ours alone"), tlv(0x3FFF, &[])].concat();
    assert_eq!(
        wire.submit(&Submit {
            tail,
            ..Submit::default()
        })
        .await
        .status,
        status::ROK
    );
}

async fn large_message_payload(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let tail = tlv(tag::MESSAGE_PAYLOAD, &[b'x'; 2000]);
    assert_eq!(
        wire.submit(&Submit {
            short_message: b"",
            tail,
            ..Submit::default()
        })
        .await
        .status,
        status::ROK
    );
}

async fn empty_destination(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    let refusal = wire
        .submit(&Submit {
            destination: "",
            ..Submit::default()
        })
        .await;
    assert_eq!((refusal.status, refusal.body), (status::RINVDSTADR, vec![]));
    still_up(&mut wire).await;
}

async fn bad_schedule(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    for schedule in ["261399000000000+", "tomorrow", "2611220000000"] {
        let refusal = wire
            .submit(&Submit {
                schedule,
                ..Submit::default()
            })
            .await;
        assert_eq!(refusal.status, status::RINVSCHED, "schedule_delivery_time {schedule}");
    }
    still_up(&mut wire).await;
}

async fn unbind(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSCEIVER, SYSTEM_ID, PASSWORD).await;
    wire.send(&pdu(id::UNBIND, 9, &[])).await;
    let response = Frame {
        id: id::UNBIND | id::RESPONSE,
        status: status::ROK,
        sequence: 9,
        body: vec![],
    };
    assert_eq!(wire.frame().await, response);
    wire.closed().await;
}

async fn ten_submits_then_half_close(smpp: SocketAddr) {
    let mut wire = Wire::bound(smpp, id::BIND_TRANSMITTER, SYSTEM_ID, PASSWORD).await;
    let submits: Vec<_> = (10..20).map(|sequence| Submit::default().pdu(sequence)).collect();
    wire.send(&submits.concat()).await;
    wire.half_close().await;
    let mut answered = Vec::new();
    while let Some(response) = wire.next().await {
        assert_eq!(
            (response.id, response.status),
            (id::SUBMIT_SM | id::RESPONSE, status::ROK),
            "{response:?}"
        );
        answered.push(response.sequence);
    }
    answered.sort_unstable();
    assert_eq!(answered, (10..20).collect::<Vec<_>>());
}

async fn no_bind(smpp: SocketAddr) {
    Wire::connect(smpp).await.closed().await;
    let mut halfway = Wire::connect(smpp).await;
    halfway.send(&bind(id::BIND_TRANSCEIVER, 1, SYSTEM_ID, PASSWORD)[..20]).await;
    halfway.closed().await;
}
