//! A message to submit: text or octets, and how it becomes one or several submit_sm.

use edgebind_smpp::text::{self, Alphabet, Charset, Coding};
use edgebind_smpp::udh::{self, Concatenation};
use edgebind_smpp::{
    DataCoding, DataSm, Destinations, EsmClass, Npi, Pdu, Priority, RegisteredDelivery, ReplaceSm, ShortMessage, SubmitMulti,
    Tag, Time, TlvList, Ton,
};

/// An SMPP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Type of number.
    pub ton: Ton,
    /// Numbering plan.
    pub npi: Npi,
    /// As it stands in the PDU.
    pub digits: String,
}

impl Address {
    /// With a type and a plan of its own.
    pub fn new(ton: Ton, npi: Npi, digits: &str) -> Self {
        Self {
            ton,
            npi,
            digits: digits.into(),
        }
    }

    /// International where it begins with `+` (which is dropped), alphanumeric where it has letters, unknown otherwise.
    pub fn of(digits: &str) -> Self {
        match digits.strip_prefix('+') {
            Some(international) => Self::new(Ton::INTERNATIONAL, Npi::ISDN, international),
            None if digits.bytes().any(|octet| octet.is_ascii_alphabetic()) => Self::new(Ton::ALPHANUMERIC, Npi::UNKNOWN, digits),
            None => Self::new(Ton::UNKNOWN, Npi::ISDN, digits),
        }
    }

    pub(crate) fn read(ton: Ton, npi: Npi, octets: &[u8]) -> Self {
        Self {
            ton,
            npi,
            digits: octets.iter().map(|octet| char::from(*octet)).collect(),
        }
    }
}

/// How a message is carried that one short_message does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Long {
    /// In parts with a user data header of 8-bit references.
    Udh,
    /// In parts with a user data header of 16-bit references.
    WideUdh,
    /// In parts with sar_msg_ref_num, sar_total_segments and sar_segment_seqnum.
    Sar,
    /// In one piece, in message_payload; short ones too.
    Payload,
}

#[derive(Debug, Clone)]
enum Content {
    Text(String),
    Octets(Vec<u8>),
}

/// A message and its wishes. Fields are the PDU's, where nothing else is said.
#[derive(Debug, Clone)]
pub struct Submit {
    /// Who sends.
    pub source: Address,
    /// Who receives.
    pub destination: Address,
    content: Content,
    /// What data_coding 0 means to the server; text that it cannot carry goes as UCS-2.
    pub alphabet: Alphabet,
    /// In place of the data_coding that follows from the text.
    pub data_coding: Option<u8>,
    /// How long messages go.
    pub long: Long,
    /// Which receipts are asked for.
    pub registered_delivery: RegisteredDelivery,
    /// Parts with a header say so besides.
    pub esm_class: EsmClass,
    /// As it stands in the PDU.
    pub service_type: String,
    /// As it stands in the PDU.
    pub protocol_id: u8,
    /// As it stands in the PDU.
    pub priority_flag: Priority,
    /// When it may go out.
    pub schedule_delivery_time: Time,
    /// When it is worthless.
    pub validity_period: Time,
    /// As it stands in the PDU.
    pub replace_if_present: bool,
    /// Further optional parameters, before those that parts need.
    pub tlvs: Vec<(Tag, Vec<u8>)>,
}

impl Submit {
    /// A text that asks for a receipt.
    pub fn text(from: &str, to: &str, text: &str) -> Self {
        Self::new(from, to, Content::Text(text.into()))
    }

    /// Octets (data_coding 4) that ask for a receipt.
    pub fn octets(from: &str, to: &str, octets: &[u8]) -> Self {
        Self {
            data_coding: Some(DataCoding::OCTETS.0),
            ..Self::new(from, to, Content::Octets(octets.into()))
        }
    }

    fn new(from: &str, to: &str, content: Content) -> Self {
        Self {
            source: Address::of(from),
            destination: Address::of(to),
            content,
            alphabet: Alphabet::Gsm,
            data_coding: None,
            long: Long::Udh,
            registered_delivery: RegisteredDelivery::ALWAYS,
            esm_class: EsmClass::MESSAGE,
            service_type: String::new(),
            protocol_id: 0,
            priority_flag: Priority::LOWEST,
            schedule_delivery_time: Time::None,
            validity_period: Time::None,
            replace_if_present: false,
            tlvs: Vec::new(),
        }
    }

    /// The same message, long in this way.
    #[must_use]
    pub fn long(mut self, long: Long) -> Self {
        self.long = long;
        self
    }

    /// The same message with this registered_delivery.
    #[must_use]
    pub fn registered_delivery(mut self, registered_delivery: RegisteredDelivery) -> Self {
        self.registered_delivery = registered_delivery;
        self
    }

    /// The same message with an optional parameter more.
    #[must_use]
    pub fn tlv(mut self, tag: Tag, value: &[u8]) -> Self {
        self.tlvs.push((tag, value.into()));
        self
    }

    /// The submit_sm that it takes, in order. `reference` is what the parts share.
    pub fn parts(&self, reference: u16) -> Vec<Part<'_>> {
        let (data_coding, charset, octets) = self.encoded();
        let coding = charset.map_or(Coding::Binary, Coding::Text);
        if self.long == Long::Payload {
            return vec![self.part(data_coding, Vec::new(), &[(Tag::MESSAGE_PAYLOAD, octets)], self.esm_class)];
        }
        if octets.len() <= text::capacity(coding, 0) {
            return vec![self.part(data_coding, octets, &[], self.esm_class)];
        }
        let concatenation = |index, total| Concatenation {
            wide: self.long == Long::WideUdh,
            reference,
            total,
            index,
        };
        let header = udh::header_len(Some(concatenation(1, 2)), None);
        let most = text::capacity(coding, header);
        let pieces: Vec<&[u8]> = match charset {
            Some(charset) => text::split(charset, &octets, most).collect(),
            None => octets.chunks(most).collect(),
        };
        let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
        (1..=total)
            .zip(pieces)
            .map(|(index, piece)| match self.long {
                Long::Sar => {
                    let numbers = [
                        (Tag::SAR_MSG_REF_NUM, reference.to_be_bytes().to_vec()),
                        (Tag::SAR_TOTAL_SEGMENTS, vec![total]),
                        (Tag::SAR_SEGMENT_SEQNUM, vec![index]),
                    ];
                    self.part(data_coding, piece.to_vec(), &numbers, self.esm_class)
                }
                _ => {
                    let mut user_data = Vec::with_capacity(header + piece.len());
                    udh::write(&mut user_data, Some(concatenation(index, total)), None);
                    user_data.extend_from_slice(piece);
                    self.part(data_coding, user_data, &[], self.esm_class.with_udh())
                }
            })
            .collect()
    }

    fn encoded(&self) -> (u8, Option<Charset>, Vec<u8>) {
        match &self.content {
            Content::Octets(octets) => (self.data_coding.unwrap_or(DataCoding::OCTETS.0), None, octets.clone()),
            Content::Text(words) => {
                let (data_coding, charset) = text::choose(self.alphabet, words);
                let charset = match self
                    .data_coding
                    .map(|data_coding| text::coding(DataCoding(data_coding), self.alphabet))
                {
                    Some(Coding::Text(asked)) => asked,
                    _ => charset,
                };
                let octets = text::encode(charset, words).unwrap_or_default();
                (self.data_coding.unwrap_or(data_coding.0), Some(charset), octets)
            }
        }
    }

    fn part(&self, data_coding: u8, short_message: Vec<u8>, more: &[(Tag, Vec<u8>)], esm_class: EsmClass) -> Part<'_> {
        let mut tlvs = TlvList::new();
        for (tag, value) in self.tlvs.iter().chain(more) {
            // A value beyond 65535 octets has no place in SMPP; without it the server will say what is missing.
            let _ = tlvs.push(*tag, value);
        }
        Part {
            submit: self,
            data_coding,
            esm_class,
            short_message,
            tlvs,
        }
    }
}

/// One submit_sm of a message.
pub struct Part<'a> {
    submit: &'a Submit,
    data_coding: u8,
    esm_class: EsmClass,
    short_message: Vec<u8>,
    tlvs: TlvList,
}

impl Part<'_> {
    /// As a PDU.
    pub fn pdu(&self) -> Pdu<'_> {
        Pdu::SubmitSm(self.short_message())
    }

    fn short_message(&self) -> ShortMessage<'_> {
        let submit = self.submit;
        ShortMessage {
            service_type: submit.service_type.as_bytes(),
            source_addr_ton: submit.source.ton,
            source_addr_npi: submit.source.npi,
            source_addr: submit.source.digits.as_bytes(),
            dest_addr_ton: submit.destination.ton,
            dest_addr_npi: submit.destination.npi,
            destination_addr: submit.destination.digits.as_bytes(),
            esm_class: self.esm_class,
            protocol_id: submit.protocol_id,
            priority_flag: submit.priority_flag,
            schedule_delivery_time: submit.schedule_delivery_time,
            validity_period: submit.validity_period,
            registered_delivery: submit.registered_delivery,
            replace_if_present_flag: submit.replace_if_present,
            data_coding: DataCoding(self.data_coding),
            short_message: &self.short_message,
            tlvs: self.tlvs.tlvs(),
            ..ShortMessage::default()
        }
    }
}

impl<'a> Part<'a> {
    /// As a submit_multi to these, whatever destination the message names.
    pub(super) fn to_many(&'a self, dest_addresses: Destinations<'a>) -> Pdu<'a> {
        let message = self.short_message();
        Pdu::SubmitMulti(SubmitMulti {
            service_type: message.service_type,
            source_addr_ton: message.source_addr_ton,
            source_addr_npi: message.source_addr_npi,
            source_addr: message.source_addr,
            dest_addresses,
            esm_class: message.esm_class,
            protocol_id: message.protocol_id,
            priority_flag: message.priority_flag,
            schedule_delivery_time: message.schedule_delivery_time,
            validity_period: message.validity_period,
            registered_delivery: message.registered_delivery,
            replace_if_present_flag: message.replace_if_present_flag,
            data_coding: message.data_coding,
            short_message: message.short_message,
            tlvs: message.tlvs,
            ..SubmitMulti::default()
        })
    }

    /// As a data_sm; its user data is in message_payload already, or nowhere.
    pub(super) fn data(&'a self) -> Pdu<'a> {
        let message = self.short_message();
        Pdu::DataSm(DataSm {
            service_type: message.service_type,
            source_addr_ton: message.source_addr_ton,
            source_addr_npi: message.source_addr_npi,
            source_addr: message.source_addr,
            dest_addr_ton: message.dest_addr_ton,
            dest_addr_npi: message.dest_addr_npi,
            destination_addr: message.destination_addr,
            esm_class: message.esm_class,
            registered_delivery: message.registered_delivery,
            data_coding: message.data_coding,
            tlvs: message.tlvs,
        })
    }

    /// As a replace_sm of the message of this id.
    pub(super) fn replacing(&'a self, id: &'a str) -> Pdu<'a> {
        let message = self.short_message();
        Pdu::ReplaceSm(ReplaceSm {
            message_id: id.as_bytes(),
            source_addr_ton: message.source_addr_ton,
            source_addr_npi: message.source_addr_npi,
            source_addr: message.source_addr,
            schedule_delivery_time: message.schedule_delivery_time,
            validity_period: message.validity_period,
            registered_delivery: message.registered_delivery,
            short_message: message.short_message,
            ..ReplaceSm::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use edgebind_smpp::{Npi, Pdu, ShortMessage, Tag, Ton};

    use super::{Address, Long, Submit};

    fn shapes(submit: &Submit) -> Vec<String> {
        let parts = submit.parts(0x1234);
        let shape = |message: &ShortMessage<'_>| {
            let tags: String = message
                .tlvs
                .iter()
                .map(|tlv| format!(" {}[{}]", tlv.tag, tlv.value.len()))
                .collect();
            format!(
                "dc {} esm {:02x} len {}{tags}",
                message.data_coding.0,
                message.esm_class.get(),
                message.short_message.len()
            )
        };
        parts
            .iter()
            .map(|part| match part.pdu() {
                Pdu::SubmitSm(message) => shape(&message),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_message_takes_the_parts_it_needs() {
        let gsm = |length, long| Submit::text("ACME", "+447700900123", &"a".repeat(length)).long(long);
        assert_eq!(shapes(&gsm(160, Long::Udh)), ["dc 0 esm 00 len 160"]);
        assert_eq!(shapes(&gsm(161, Long::Udh)), ["dc 0 esm 40 len 159", "dc 0 esm 40 len 14"]);
        assert_eq!(
            shapes(&gsm(161, Long::WideUdh)),
            ["dc 0 esm 40 len 159", "dc 0 esm 40 len 16"]
        );
        let sar = " sar_msg_ref_num[2] sar_total_segments[1] sar_segment_seqnum[1]";
        let expected: Vec<String> = [153, 8]
            .iter()
            .map(|length| format!("dc 0 esm 00 len {length}{sar}"))
            .collect();
        assert_eq!(shapes(&gsm(161, Long::Sar)), expected);
        assert_eq!(shapes(&gsm(161, Long::Payload)), ["dc 0 esm 00 len 0 message_payload[161]"]);
        let unicode = Submit::text("ACME", "+447700900123", &"д".repeat(71));
        assert_eq!(shapes(&unicode), ["dc 8 esm 40 len 140", "dc 8 esm 40 len 14"]);
        let octets = Submit::octets("ACME", "+447700900123", &[0; 141]).tlv(Tag::DESTINATION_PORT, &[0, 80]);
        assert_eq!(
            shapes(&octets),
            [
                "dc 4 esm 40 len 140 destination_port[2]",
                "dc 4 esm 40 len 13 destination_port[2]"
            ]
        );
    }

    #[test]
    fn addresses_follow_from_their_look() {
        assert_eq!(
            Address::of("+447700900123"),
            Address::new(Ton::INTERNATIONAL, Npi::ISDN, "447700900123")
        );
        assert_eq!(Address::of("ACME"), Address::new(Ton::ALPHANUMERIC, Npi::UNKNOWN, "ACME"));
        assert_eq!(Address::of("12345"), Address::new(Ton::UNKNOWN, Npi::ISDN, "12345"));
    }
}
