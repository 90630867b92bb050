//! What an ESME has been delivered: receipts read, long messages joined. Values in, values out.

use std::collections::BTreeMap;

use edgebind_smpp::text::{self, Alphabet, Coding};
use edgebind_smpp::udh::Udh;
use edgebind_smpp::{AlertNotification, DataCoding, DataSm, MessageState, ShortMessage, Tag, Type, receipt};

use super::submit::Address;

/// A receipt or an intermediate notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// From its text.
    pub id: String,
    /// From receipted_message_id.
    pub receipted_message_id: Option<String>,
    /// From its text's `stat:`.
    pub state: Option<MessageState>,
    /// From message_state.
    pub message_state: Option<MessageState>,
    /// From its text's `err:`.
    pub error: String,
    /// By its esm_class it is no receipt but a notice on the way.
    pub intermediate: bool,
    /// Who had received the message.
    pub source: Address,
    /// Who had sent it.
    pub destination: Address,
    /// All of its text.
    pub text: String,
    /// Echoed from the submit_sm.
    pub user_message_reference: Option<u16>,
}

impl Receipt {
    /// No later one follows.
    pub fn is_final(&self) -> bool {
        !self.intermediate && self.state.is_some_and(MessageState::is_final)
    }
}

/// A message from somebody, joined where it came in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// As it stands in the PDU, the first part's where there are several.
    pub data_coding: u8,
    /// The text; none where data_coding says octets, or the octets are no text.
    pub text: Option<String>,
    /// The user data behind its header.
    pub octets: Vec<u8>,
    /// How many deliver_sm it took.
    pub parts: usize,
    /// From a user data header, or destination_port.
    pub port: Option<u16>,
}

/// Somebody can be reached again, or can not (alert_notification).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Who.
    pub source: Address,
    /// The ESME that wanted to know.
    pub esme: Address,
    /// ms_availability_status, where it was given.
    pub availability: Option<u8>,
}

/// What the parts of one message share: source, destination, scheme, reference, total.
type Group = (Address, Address, u8, u16, u8);

/// All that was delivered and taken.
#[derive(Debug, Clone, Default)]
pub struct Inbox {
    /// In order of arrival.
    pub receipts: Vec<Receipt>,
    /// In order of arrival of their last part.
    pub messages: Vec<Message>,
    /// In order of arrival.
    pub alerts: Vec<Alert>,
    /// deliver_sm and data_sm that came, whatever became of them.
    pub delivered: usize,
    waiting: BTreeMap<Group, BTreeMap<u8, Message>>,
}

impl Inbox {
    /// Parts whose message is not whole yet.
    pub fn parts_waiting(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    /// The last word on the message of this id.
    pub fn receipt_of(&self, id: &str) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| receipt.id == id && receipt.is_final())
    }

    pub(crate) fn alerted(&mut self, alert: &AlertNotification<'_>) {
        self.alerts.push(Alert {
            source: Address::read(alert.source_addr_ton, alert.source_addr_npi, alert.source_addr),
            esme: Address::read(alert.esme_addr_ton, alert.esme_addr_npi, alert.esme_addr),
            availability: alert.tlvs.get(Tag::MS_AVAILABILITY_STATUS).and_then(|tlv| tlv.u8()),
        });
    }

    pub(crate) fn take(&mut self, message: &ShortMessage<'_>, alphabet: Alphabet) {
        match message.esm_class.message_type() {
            Type::Receipt | Type::Intermediate => self.receipts.extend(read_receipt(message)),
            _ => self.take_part(message, alphabet),
        }
    }

    fn take_part(&mut self, message: &ShortMessage<'_>, alphabet: Alphabet) {
        let (part, group) = read_part(message);
        let Some((group, index)) = group else {
            self.messages.push(whole(BTreeMap::from([(1, part)]), alphabet));
            return;
        };
        let total = usize::from(group.4);
        let parts = self.waiting.entry(group.clone()).or_default();
        parts.insert(index, part);
        if parts.len() == total {
            let parts = std::mem::take(parts);
            self.waiting.remove(&group);
            self.messages.push(whole(parts, alphabet));
        }
    }
}

/// A data_sm in the fields of a deliver_sm; its user data stay in message_payload.
pub(crate) fn as_short_message<'a>(data: &DataSm<'a>) -> ShortMessage<'a> {
    ShortMessage {
        service_type: data.service_type,
        source_addr_ton: data.source_addr_ton,
        source_addr_npi: data.source_addr_npi,
        source_addr: data.source_addr,
        dest_addr_ton: data.dest_addr_ton,
        dest_addr_npi: data.dest_addr_npi,
        destination_addr: data.destination_addr,
        esm_class: data.esm_class,
        registered_delivery: data.registered_delivery,
        data_coding: data.data_coding,
        tlvs: data.tlvs,
        ..ShortMessage::default()
    }
}

/// short_message, or message_payload where that is empty.
fn user_data<'a>(message: &ShortMessage<'a>) -> &'a [u8] {
    match message.tlvs.get(Tag::MESSAGE_PAYLOAD) {
        Some(payload) if message.short_message.is_empty() => payload.value,
        _ => message.short_message,
    }
}

fn addresses(message: &ShortMessage<'_>) -> (Address, Address) {
    let source = Address::read(message.source_addr_ton, message.source_addr_npi, message.source_addr);
    let destination = Address::read(message.dest_addr_ton, message.dest_addr_npi, message.destination_addr);
    (source, destination)
}

/// A receipt that nobody can read is none: its ESME would wait for ever, and so does the test.
fn read_receipt(message: &ShortMessage<'_>) -> Option<Receipt> {
    let reading = receipt::parse(user_data(message))?;
    let (source, destination) = addresses(message);
    let string = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Some(Receipt {
        id: string(reading.id),
        receipted_message_id: message.tlvs.get(Tag::RECEIPTED_MESSAGE_ID).map(|tlv| string(tlv.c_string())),
        state: reading.state,
        message_state: message
            .tlvs
            .get(Tag::MESSAGE_STATE)
            .and_then(|tlv| tlv.u8())
            .map(MessageState),
        error: string(reading.error),
        intermediate: message.esm_class.message_type() == Type::Intermediate,
        source,
        destination,
        text: string(user_data(message)),
        user_message_reference: message.tlvs.get(Tag::USER_MESSAGE_REFERENCE).and_then(|tlv| tlv.u16()),
    })
}

/// The part as a message without text, and its place where it has one.
fn read_part(message: &ShortMessage<'_>) -> (Message, Option<(Group, u8)>) {
    let (source, destination) = addresses(message);
    let tlv = |tag| message.tlvs.get(tag);
    let user_data = user_data(message);
    let header = message.esm_class.has_udh().then(|| Udh::parse(user_data).ok()).flatten();
    let (udh, octets) = match header {
        Some((udh, octets)) => (Some(udh), octets),
        None => (None, user_data),
    };
    let ports = udh.as_ref().and_then(Udh::ports).map(|ports| ports.destination);
    let port = ports.or_else(|| tlv(Tag::DESTINATION_PORT).and_then(|tlv| tlv.u16()));
    let by_udh = udh
        .as_ref()
        .and_then(Udh::concatenation)
        .map(|place| (u8::from(place.wide), place.reference, place.total, place.index));
    let by_sar = || {
        let reference = tlv(Tag::SAR_MSG_REF_NUM)?.u16()?;
        let total = tlv(Tag::SAR_TOTAL_SEGMENTS)?.u8()?;
        let index = tlv(Tag::SAR_SEGMENT_SEQNUM)?.u8()?;
        (index >= 1 && index <= total).then_some((2, reference, total, index))
    };
    let group = by_udh
        .or_else(by_sar)
        .map(|(scheme, reference, total, index)| ((source.clone(), destination.clone(), scheme, reference, total), index));
    let data_coding = message.data_coding.0;
    let part = Message {
        source,
        destination,
        data_coding,
        text: None,
        octets: octets.to_vec(),
        parts: 1,
        port,
    };
    (part, group)
}

fn whole(parts: BTreeMap<u8, Message>, alphabet: Alphabet) -> Message {
    let count = parts.len();
    let mut parts = parts.into_values();
    let Some(mut message) = parts.next() else {
        unreachable!("a group has a part from the moment it is made")
    };
    for part in parts {
        message.octets.extend(part.octets);
        message.port = message.port.or(part.port);
    }
    message.parts = count;
    if let Coding::Text(charset) = text::coding(DataCoding(message.data_coding), alphabet) {
        message.text = text::decode(charset, &message.octets).ok();
    }
    message
}

#[cfg(test)]
mod tests {
    use edgebind_smpp::text::Alphabet;
    use edgebind_smpp::{EsmClass, MessageState, Pdu, ShortMessage, Tag, TlvList};

    use super::Inbox;
    use crate::esme::{Long, Submit};

    #[test]
    fn parts_are_joined_in_any_order_and_once() {
        let text = "Füße und [Klammern] ".repeat(20);
        for long in [Long::Udh, Long::WideUdh, Long::Sar, Long::Payload] {
            let submit = Submit::text("+447700900123", "12345", &text).long(long);
            let parts = submit.parts(7);
            let mut inbox = Inbox::default();
            for part in parts.iter().rev().chain(parts.first()) {
                match part.pdu() {
                    Pdu::SubmitSm(message) => inbox.take(&message, Alphabet::Gsm),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(inbox.messages[0].text.as_deref(), Some(text.as_str()), "{long:?}");
            assert_eq!(inbox.messages[0].parts, parts.len(), "{long:?}");
        }
    }

    #[test]
    fn a_receipt_is_read_from_its_text_and_its_parameters() {
        let text = b"id:20250 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi";
        let mut tlvs = TlvList::new();
        tlvs.push(Tag::RECEIPTED_MESSAGE_ID, b"20250\0").unwrap();
        tlvs.push(Tag::MESSAGE_STATE, &[2]).unwrap();
        let mut message = ShortMessage {
            esm_class: EsmClass::RECEIPT,
            short_message: text,
            tlvs: tlvs.tlvs(),
            ..ShortMessage::default()
        };
        let mut inbox = Inbox::default();
        inbox.take(&message, Alphabet::Gsm);
        message.esm_class = EsmClass::INTERMEDIATE;
        inbox.take(&message, Alphabet::Gsm);
        let receipt = inbox.receipt_of("20250").unwrap();
        assert_eq!(receipt.receipted_message_id.as_deref(), Some("20250"));
        assert_eq!(
            (receipt.state, receipt.message_state),
            (Some(MessageState::DELIVERED), Some(MessageState::DELIVERED))
        );
        assert!(inbox.receipts[1].intermediate && !inbox.receipts[1].is_final());
    }
}
