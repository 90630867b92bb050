//! The PDU of a delivery: deliver_sm, or data_sm where the account asks for it and the peer knows it.

use crate::{
    endpoint::Endpoint,
    peer::Peer,
    settings::{DeliverWith, Settings},
    undeliverable::Undeliverable,
};
use edgebind_smpp::{
    CommandStatus, DataCoding, DataSm, EsmClass, Pdu, ShortMessage, Tag, TlvList, encode,
    text::{self, Charset, Coding, septets},
};

/// Octets of most deliveries.
const USUAL_OCTETS: usize = 256;

/// What a delivery carries, whichever PDU it is.
pub(crate) struct Carrier<'a> {
    pub(crate) source: &'a Endpoint,
    pub(crate) destination: &'a Endpoint,
    pub(crate) esm_class: EsmClass,
    pub(crate) data_coding: DataCoding,
    /// With its length octet; empty for none.
    pub(crate) udh: &'a [u8],
    /// One septet an octet, where it is septets.
    pub(crate) payload: &'a [u8],
    /// In message_payload, whichever PDU it is.
    pub(crate) whole: bool,
    pub(crate) tlvs: TlvList,
}

impl Carrier<'_> {
    /// The frame, with sequence_number 0: it gets its own when it is sent.
    pub(crate) fn frame(mut self, peer: Peer, settings: &Settings) -> Result<Vec<u8>, Undeliverable> {
        let user_data = self.user_data(settings);
        // Without optional parameters a data_sm has no text.
        let is_data = settings.deliver_with == DeliverWith::DataSm && peer.takes_tlvs();
        let in_payload = (is_data && !user_data.is_empty()) || self.whole;
        if in_payload {
            self.tlvs.push(Tag::MESSAGE_PAYLOAD, &user_data)?;
        }
        let tlvs = self.tlvs.tlvs();
        let esm_class = if self.udh.is_empty() {
            self.esm_class
        } else {
            self.esm_class.with_udh()
        };
        let pdu = if is_data {
            Pdu::DataSm(DataSm {
                source_addr_ton: self.source.ton,
                source_addr_npi: self.source.npi,
                source_addr: &self.source.digits,
                dest_addr_ton: self.destination.ton,
                dest_addr_npi: self.destination.npi,
                destination_addr: &self.destination.digits,
                esm_class,
                data_coding: self.data_coding,
                tlvs,
                ..DataSm::default()
            })
        } else {
            Pdu::DeliverSm(ShortMessage {
                source_addr_ton: self.source.ton,
                source_addr_npi: self.source.npi,
                source_addr: &self.source.digits,
                dest_addr_ton: self.destination.ton,
                dest_addr_npi: self.destination.npi,
                destination_addr: &self.destination.digits,
                esm_class,
                data_coding: self.data_coding,
                short_message: if in_payload { &[] } else { &user_data },
                tlvs,
                ..ShortMessage::default()
            })
        };
        let mut frame = Vec::with_capacity(USUAL_OCTETS);
        encode(&mut frame, CommandStatus::ROK, 0, &pdu)?;
        Ok(frame)
    }

    /// The header and what follows it, as the account writes septets.
    fn user_data(&self, settings: &Settings) -> Vec<u8> {
        let is_gsm = text::coding(self.data_coding, settings.alphabet) == Coding::Text(Charset::Gsm);
        let mut user_data = Vec::with_capacity(self.udh.len() + self.payload.len());
        user_data.extend_from_slice(self.udh);
        if settings.packed && is_gsm {
            user_data.extend(septets::pack(self.payload, self.udh.len()));
        } else {
            user_data.extend_from_slice(self.payload);
        }
        user_data
    }
}
