//! The PDU of a receipt: text that every known parser takes, and the optional parameters that say it exactly.

use crate::{
    answers,
    carrier::Carrier,
    endpoint::Endpoint,
    message::Receipt,
    peer::Peer,
    settings::{ReceiptText, Settings},
    undeliverable::Undeliverable,
};
use edgebind_smpp::{
    CommandStatus, DataCoding, EsmClass, Tag, TlvList, receipt,
    text::{self, Charset},
};

/// network_error_code: the network is GSM (SMPP 3.4 §5.3.2.31).
const NETWORK_GSM: u8 = 3;

/// The frame, with sequence_number 0.
pub(crate) fn frame(receipt: &Receipt, peer: Peer, settings: &Settings) -> Result<Vec<u8>, Undeliverable> {
    let id = settings
        .receipt_id()
        .write(&receipt.id)
        .ok_or(Undeliverable(CommandStatus::RINVMSGID))?;
    let state = answers::state(receipt.state);
    let mut octets = Vec::with_capacity(160);
    receipt::Receipt {
        id: &id,
        submitted_ms: receipt.submitted,
        done_ms: receipt.done,
        state,
        error: receipt.error,
        text: &match settings.receipt_text {
            ReceiptText::None => "none ".to_owned(),
            ReceiptText::Excerpt | ReceiptText::Nothing => receipt.excerpt.chars().map(same_everywhere).collect(),
        },
    }
    .write(&mut octets);
    let mut tlvs = TlvList::new();
    if peer.takes_tlvs() {
        tlvs.push_c_string(Tag::RECEIPTED_MESSAGE_ID, id.as_bytes())?;
        tlvs.push_u8(Tag::MESSAGE_STATE, state.0);
        if receipt.error != 0 {
            let [high, low] = receipt.error.to_be_bytes();
            tlvs.push(Tag::NETWORK_ERROR_CODE, &[NETWORK_GSM, high, low])?;
        }
        if let Some(reference) = receipt.user_message_reference {
            tlvs.push_u16(Tag::USER_MESSAGE_REFERENCE, reference);
        }
    }
    let carrier = Carrier {
        source: &Endpoint::source(&receipt.source)?,
        destination: &Endpoint::destination(&receipt.destination)?,
        esm_class: if receipt.final_ {
            EsmClass::RECEIPT
        } else {
            EsmClass::INTERMEDIATE
        },
        data_coding: DataCoding::DEFAULT,
        udh: &[],
        payload: &octets,
        whole: false,
        tlvs,
    };
    carrier.frame(peer, settings)
}

/// A character that has one octet in ASCII and in GSM 03.38 alike, so that a client reads the text whatever alphabet it
/// assumes and never meets the NUL that is GSM's `@`; others become a question mark.
fn same_everywhere(character: char) -> char {
    let mut ascii = [0; 4];
    let octets = character.encode_utf8(&mut ascii);
    let is_same = text::encode(Charset::Gsm, octets).is_some_and(|gsm| gsm == octets.as_bytes());
    if is_same { character } else { '?' }
}
