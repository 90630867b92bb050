//! Random values of every field, and all PDUs that can be made of them: what the tests of the codec work on.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;
use std::vec::Vec;

use crate::tlv::{TABLE, Values};
use crate::value::Value;
use crate::*;

/// A type, a plan, and digits.
type Address = (Ton, Npi, Vec<u8>);

/// Values for the fields of all PDUs, those of the same name alike.
#[derive(Debug)]
pub(super) struct Material {
    strings: Strings,
    source: Address,
    destination: Address,
    /// Of data_sm and alert_notification.
    long_source: Address,
    long_destination: Address,
    destinations: DestinationList,
    unsuccesses: UnsuccessList,
    schedule_delivery_time: Time,
    validity_period: Time,
    esm_class: EsmClass,
    priority_flag: Priority,
    registered_delivery: RegisteredDelivery,
    replace_if_present_flag: bool,
    sm_default_msg_id: SmDefaultMsgId,
    octets: [u8; 4],
    short_message: Vec<u8>,
    tlvs: TlvList,
    bind_tlvs: TlvList,
    alert_tlvs: TlvList,
}

#[derive(Debug)]
struct Strings {
    service_type: Vec<u8>,
    system_id: Vec<u8>,
    password: Vec<u8>,
    system_type: Vec<u8>,
    address_range: Vec<u8>,
    message_id: Vec<u8>,
}

/// Material with these optional parameters, and addresses of data_sm and alert_notification that have fewer than
/// `long_address` octets.
pub(super) fn material(parameter: impl Strategy<Value = (Tag, Vec<u8>)>, long_address: usize) -> impl Strategy<Value = Material> {
    let strings = (
        printable(6),
        printable(16),
        ascii(9),
        printable(13),
        printable(41),
        printable(65),
    )
        .prop_map(
            |(service_type, system_id, password, system_type, address_range, message_id)| Strings {
                service_type,
                system_id,
                password,
                system_type,
                address_range,
                message_id,
            },
        );
    let addresses = (address(21), address(21), address(long_address), address(long_address));
    let values = (value(), value(), value(), value(), value());
    let lists = (
        destination_list(),
        unsuccess_list(),
        tlv_list(parameter, 0..6),
        tlv_list(octet_parameter(Tag::SC_INTERFACE_VERSION), 0..2),
        tlv_list(octet_parameter(Tag::MS_AVAILABILITY_STATUS), 0..2),
    );
    let rest = (time(), time(), any::<[u8; 4]>(), vec(any::<u8>(), 0..=254));
    (strings, addresses, values, lists, rest).prop_map(|(strings, addresses, values, lists, rest)| {
        let (source, destination, long_source, long_destination) = addresses;
        let (esm_class, priority_flag, registered_delivery, replace_if_present_flag, sm_default_msg_id) = values;
        let (destinations, unsuccesses, tlvs, bind_tlvs, alert_tlvs) = lists;
        let (schedule_delivery_time, validity_period, octets, short_message) = rest;
        Material {
            strings,
            source,
            destination,
            long_source,
            long_destination,
            destinations,
            unsuccesses,
            schedule_delivery_time,
            validity_period,
            esm_class,
            priority_flag,
            registered_delivery,
            replace_if_present_flag,
            sm_default_msg_id,
            octets,
            short_message,
            tlvs,
            bind_tlvs,
            alert_tlvs,
        }
    })
}

impl Material {
    /// One of each PDU.
    pub(super) fn pdus(&self) -> Vec<Pdu<'_>> {
        let mut pdus = self.binds();
        pdus.extend(self.messages());
        pdus.extend(self.about_messages());
        pdus.extend([
            Pdu::Unbind,
            Pdu::UnbindResp,
            Pdu::EnquireLink,
            Pdu::EnquireLinkResp,
            Pdu::GenericNack,
        ]);
        pdus
    }

    fn binds(&self) -> Vec<Pdu<'_>> {
        let Strings {
            system_id,
            password,
            system_type,
            address_range,
            ..
        } = &self.strings;
        let (addr_ton, addr_npi, _) = self.source;
        let [interface_version, ..] = self.octets;
        let bind = Bind {
            system_id,
            password,
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
        };
        let resp = BindResp {
            system_id,
            tlvs: self.bind_tlvs.tlvs(),
        };
        [
            Pdu::BindTransmitter(bind),
            Pdu::BindReceiver(bind),
            Pdu::BindTransceiver(bind),
            Pdu::BindTransmitterResp(resp),
            Pdu::BindReceiverResp(resp),
            Pdu::BindTransceiverResp(resp),
            Pdu::Outbind(Outbind { system_id, password }),
        ]
        .into()
    }

    fn messages(&self) -> Vec<Pdu<'_>> {
        let (source_addr_ton, source_addr_npi, source_addr) = &self.source;
        let (dest_addr_ton, dest_addr_npi, destination_addr) = &self.destination;
        let [protocol_id, data_coding, ..] = self.octets;
        let message = ShortMessage {
            service_type: &self.strings.service_type,
            source_addr_ton: *source_addr_ton,
            source_addr_npi: *source_addr_npi,
            source_addr,
            dest_addr_ton: *dest_addr_ton,
            dest_addr_npi: *dest_addr_npi,
            destination_addr,
            esm_class: self.esm_class,
            protocol_id,
            priority_flag: self.priority_flag,
            schedule_delivery_time: self.schedule_delivery_time,
            validity_period: self.validity_period,
            registered_delivery: self.registered_delivery,
            replace_if_present_flag: self.replace_if_present_flag,
            data_coding: DataCoding(data_coding),
            sm_default_msg_id: self.sm_default_msg_id,
            short_message: &self.short_message,
            tlvs: self.tlvs.tlvs(),
        };
        let multi = SubmitMulti {
            service_type: message.service_type,
            source_addr_ton: message.source_addr_ton,
            source_addr_npi: message.source_addr_npi,
            source_addr,
            dest_addresses: self.destinations.destinations(),
            esm_class: message.esm_class,
            protocol_id,
            priority_flag: message.priority_flag,
            schedule_delivery_time: message.schedule_delivery_time,
            validity_period: message.validity_period,
            registered_delivery: message.registered_delivery,
            replace_if_present_flag: message.replace_if_present_flag,
            data_coding: message.data_coding,
            sm_default_msg_id: message.sm_default_msg_id,
            short_message: message.short_message,
            tlvs: message.tlvs,
        };
        let (source, destination) = (&self.long_source, &self.long_destination);
        let data = DataSm {
            service_type: message.service_type,
            source_addr_ton: source.0,
            source_addr_npi: source.1,
            source_addr: &source.2,
            dest_addr_ton: destination.0,
            dest_addr_npi: destination.1,
            destination_addr: &destination.2,
            esm_class: message.esm_class,
            registered_delivery: message.registered_delivery,
            data_coding: message.data_coding,
            tlvs: message.tlvs,
        };
        let message_id = &self.strings.message_id;
        let resp = MessageIdResp { message_id };
        [
            Pdu::SubmitSm(message),
            Pdu::DeliverSm(message),
            Pdu::SubmitMulti(multi),
            Pdu::DataSm(data),
            Pdu::SubmitSmResp(resp),
            Pdu::DeliverSmResp(resp),
            Pdu::SubmitMultiResp(SubmitMultiResp {
                message_id,
                unsuccess_smes: self.unsuccesses.unsuccesses(),
            }),
            Pdu::DataSmResp(DataSmResp {
                message_id,
                tlvs: message.tlvs,
            }),
        ]
        .into()
    }

    fn about_messages(&self) -> Vec<Pdu<'_>> {
        let message_id = &self.strings.message_id;
        let (source_addr_ton, source_addr_npi, ref source_addr) = self.source;
        let (dest_addr_ton, dest_addr_npi, ref destination_addr) = self.destination;
        let (source, destination) = (&self.long_source, &self.long_destination);
        let [.., message_state, error_code] = self.octets;
        [
            Pdu::QuerySm(QuerySm {
                message_id,
                source_addr_ton,
                source_addr_npi,
                source_addr,
            }),
            Pdu::QuerySmResp(QuerySmResp {
                message_id,
                final_date: self.validity_period,
                message_state: MessageState(message_state),
                error_code,
            }),
            Pdu::CancelSm(CancelSm {
                service_type: &self.strings.service_type,
                message_id,
                source_addr_ton,
                source_addr_npi,
                source_addr,
                dest_addr_ton,
                dest_addr_npi,
                destination_addr,
            }),
            Pdu::CancelSmResp,
            Pdu::ReplaceSm(ReplaceSm {
                message_id,
                source_addr_ton,
                source_addr_npi,
                source_addr,
                schedule_delivery_time: self.schedule_delivery_time,
                validity_period: self.validity_period,
                registered_delivery: self.registered_delivery,
                sm_default_msg_id: self.sm_default_msg_id,
                short_message: &self.short_message,
            }),
            Pdu::ReplaceSmResp,
            Pdu::AlertNotification(AlertNotification {
                source_addr_ton: source.0,
                source_addr_npi: source.1,
                source_addr: &source.2,
                esme_addr_ton: destination.0,
                esme_addr_npi: destination.1,
                esme_addr: &destination.2,
                tlvs: self.alert_tlvs.tlvs(),
            }),
        ]
        .into()
    }
}

/// A string of fewer than `max` printable characters.
fn printable(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(b' '..=b'~', 0..max)
}

/// A string of fewer than `max` ASCII characters without NUL.
fn ascii(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(1..=0x7F_u8, 0..max)
}

/// Any value that a type of one octet has.
fn value<T: Value + Debug + 'static>() -> impl Strategy<Value = T> {
    let all: Vec<T> = (0..=u8::MAX).filter_map(T::of).collect();
    select(all)
}

/// No time, one of the calendar, a span.
fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        Just(Time::None),
        (0..21_459_168_000_u64).prop_map(|tenths| Time::at(tenths * 100).unwrap()),
        "[0-9]{15}R".prop_map(|span| Time::parse(span.as_bytes()).unwrap()),
    ]
}

/// What it takes to make an address: type, plan, digits of fewer than `max` octets.
fn address(max: usize) -> impl Strategy<Value = (Ton, Npi, Vec<u8>)> {
    (value(), value(), printable(max))
}

fn destination_list() -> impl Strategy<Value = DestinationList> {
    let name = vec(b' '..=b'~', 1..21);
    vec(prop_oneof![address(21).prop_map(Ok), name.prop_map(Err)], 1..=254).prop_map(|destinations| {
        let mut list = DestinationList::new();
        for destination in &destinations {
            list.push(match destination {
                Ok((dest_addr_ton, dest_addr_npi, destination_addr)) => Destination::Sme {
                    dest_addr_ton: *dest_addr_ton,
                    dest_addr_npi: *dest_addr_npi,
                    destination_addr,
                },
                Err(name) => Destination::List(name),
            })
            .unwrap();
        }
        assert_eq!(list.destinations().iter().count(), destinations.len());
        list
    })
}

fn unsuccess_list() -> impl Strategy<Value = UnsuccessList> {
    vec((address(21), any::<u32>()), 0..=255).prop_map(|unsuccesses| {
        let mut list = UnsuccessList::new();
        for ((dest_addr_ton, dest_addr_npi, destination_addr), status) in &unsuccesses {
            list.push(Unsuccess {
                dest_addr_ton: *dest_addr_ton,
                dest_addr_npi: *dest_addr_npi,
                destination_addr,
                error_status_code: CommandStatus(*status),
            })
            .unwrap();
        }
        assert_eq!(list.unsuccesses().iter().count(), unsuccesses.len());
        list
    })
}

/// A parameter that the table takes, or that it does not know.
pub(super) fn parameter() -> impl Strategy<Value = (Tag, Vec<u8>)> {
    let known = select(TABLE.iter().collect::<Vec<_>>()).prop_flat_map(|rule| {
        let length = usize::from(*rule.length.start())..=usize::from(*rule.length.end()).min(40);
        let octet = if matches!(rule.values, Values::Text) {
            b' '..=b'~'
        } else {
            0..=u8::MAX
        };
        vec(octet, length)
            .prop_map(|value| (rule.tag, value))
            .prop_filter("no value", |(_, value)| rule.fault(value).is_none())
    });
    let vendor = (0x1400_u16..0x4000, vec(any::<u8>(), 0..40)).prop_map(|(tag, value)| (Tag(tag), value));
    prop_oneof![known, vendor]
}

/// A parameter of one octet.
fn octet_parameter(tag: Tag) -> impl Strategy<Value = (Tag, Vec<u8>)> {
    any::<u8>().prop_map(move |octet| (tag, std::vec![octet]))
}

fn tlv_list(parameter: impl Strategy<Value = (Tag, Vec<u8>)>, count: std::ops::Range<usize>) -> impl Strategy<Value = TlvList> {
    vec(parameter, count).prop_map(|parameters| {
        let mut list = TlvList::new();
        for (tag, value) in parameters {
            list.push(tag, &value).unwrap();
        }
        list
    })
}
