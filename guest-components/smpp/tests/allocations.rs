//! Decoding never allocates, and encoding allocates nothing but the caller's buffer: counted, not believed.
#![expect(unsafe_code, reason = "a global allocator that counts cannot be written without it")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use edgebind_smpp::tlv::{Tag, TlvList, Tlvs};
use edgebind_smpp::{
    CommandStatus, Destination, DestinationList, Limits, MessageIdResp, Npi, Pdu, RegisteredDelivery, ShortMessage, SubmitMulti,
    SubmitMultiResp, Ton, Unsuccess, UnsuccessList, decode, decode_within, encode, refusal,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn message(tlvs: Tlvs<'_>) -> ShortMessage<'_> {
    ShortMessage {
        source_addr_ton: Ton::ALPHANUMERIC,
        source_addr: b"ACME",
        dest_addr_ton: Ton::INTERNATIONAL,
        dest_addr_npi: Npi::ISDN,
        destination_addr: b"447700900000",
        registered_delivery: RegisteredDelivery::ALWAYS,
        short_message: &[b'a'; 160],
        tlvs,
        ..ShortMessage::default()
    }
}

#[test]
fn a_message_is_decoded_without_allocating() {
    let mut list = TlvList::new();
    list.push_u16(Tag::USER_MESSAGE_REFERENCE, 7);
    for pdu in [Pdu::SubmitSm(message(list.tlvs())), Pdu::DeliverSm(message(list.tlvs()))] {
        let mut frame = Vec::new();
        encode(&mut frame, CommandStatus::ROK, 1, &pdu).unwrap();
        let count = allocations(|| {
            let (_, decoded) = decode(&frame).unwrap();
            assert_eq!(decoded, pdu);
        });
        assert_eq!(count, 0);
    }
}

#[test]
fn destinations_are_decoded_and_walked_over_without_allocating() {
    let (mut destinations, mut unsuccesses) = (DestinationList::new(), UnsuccessList::new());
    for _ in 0..254 {
        destinations
            .push(Destination::Sme {
                dest_addr_ton: Ton::INTERNATIONAL,
                dest_addr_npi: Npi::ISDN,
                destination_addr: b"447700900000",
            })
            .unwrap();
        unsuccesses
            .push(Unsuccess {
                dest_addr_ton: Ton::INTERNATIONAL,
                dest_addr_npi: Npi::ISDN,
                destination_addr: b"447700900000",
                error_status_code: CommandStatus::RINVDSTADR,
            })
            .unwrap();
    }
    let (mut multi, mut resp) = (Vec::new(), Vec::new());
    let request = SubmitMulti {
        dest_addresses: destinations.destinations(),
        ..SubmitMulti::default()
    };
    encode(&mut multi, CommandStatus::ROK, 1, &Pdu::SubmitMulti(request)).unwrap();
    let response = SubmitMultiResp {
        message_id: b"20250",
        unsuccess_smes: unsuccesses.unsuccesses(),
    };
    encode(&mut resp, CommandStatus::ROK, 1, &Pdu::SubmitMultiResp(response)).unwrap();
    let count = allocations(|| {
        let (Ok((_, Pdu::SubmitMulti(multi))), Ok((_, Pdu::SubmitMultiResp(resp)))) = (decode(&multi), decode(&resp)) else {
            panic!("refused")
        };
        assert_eq!(multi.dest_addresses.iter().count(), 254);
        assert_eq!(resp.unsuccess_smes.iter().count(), 254);
    });
    assert_eq!(count, 0);
}

#[test]
fn a_lying_length_is_refused_without_allocating() {
    let mut frame = Vec::new();
    encode(&mut frame, CommandStatus::ROK, 1, &Pdu::SubmitSm(message(Tlvs::EMPTY))).unwrap();
    let sm_length = frame.len() - 161;
    assert_eq!(frame[sm_length], 160);
    frame[sm_length] = 255;
    assert_eq!(allocations(|| assert!(decode(&frame).is_err())), 0);
    frame[..4].fill(0xFF);
    assert_eq!(
        allocations(|| assert!(decode_within(&frame, Limits { password: usize::MAX }).is_err())),
        0
    );
    assert_eq!(
        allocations(|| assert!(edgebind_smpp::frame::split(&frame, 65536).is_err())),
        0
    );
}

#[test]
fn a_frame_is_encoded_with_one_allocation_or_into_room_that_is_there() {
    for pdu in [
        Pdu::SubmitSm(message(Tlvs::EMPTY)),
        Pdu::SubmitSmResp(MessageIdResp { message_id: b"20250" }),
        Pdu::EnquireLink,
    ] {
        let mut out = Vec::new();
        assert_eq!(allocations(|| encode(&mut out, CommandStatus::ROK, 1, &pdu).unwrap()), 1);
        assert_eq!(out.capacity(), out.len(), "as much as is needed");
        out.clear();
        assert_eq!(allocations(|| encode(&mut out, CommandStatus::ROK, 2, &pdu).unwrap()), 0);
        out.clear();
        assert_eq!(
            allocations(|| refusal(&mut out, pdu.command_id(), CommandStatus::RSYSERR, 3)),
            0
        );
    }
}
