//! Actions as a person reads them: a line each, and a line for each PDU of a `send`.

use super::{START, frames};
use edgebind_session::{
    message::{Address, Message, PartScheme},
    session::{Action, CloseReason, Settlement},
};
use edgebind_smpp::{Header, Pdu, ShortMessage, Tlvs, decode};
use std::fmt::Write;

pub(crate) fn actions(actions: &[Action]) -> Vec<String> {
    actions.iter().flat_map(action).collect()
}

fn action(action: &Action) -> Vec<String> {
    match action {
        Action::Send(octets) => {
            let pdus = frames::split(octets).into_iter().map(pdu);
            pdus.enumerate()
                .map(|(place, pdu)| {
                    if place == 0 {
                        format!("send {pdu}")
                    } else {
                        format!("   + {pdu}")
                    }
                })
                .collect()
        }
        Action::Ready(readiness) => vec![format!("ready {}", readiness.window)],
        Action::Append((token, message)) => vec![format!("append {} {}", token >> 32, self::message(message))],
        Action::Settle((token, Settlement::Done)) => vec![format!("settle {token} done")],
        Action::Settle((token, Settlement::Retry(after))) => vec![format!("settle {token} retry after {after}")],
        Action::Settle((token, Settlement::Dead(status))) => vec![format!("settle {token} dead {status:#x}")],
        Action::WakeAt(at) => vec![format!("wake-at {}", at - START)],
        Action::Close(reason) => vec![format!("close {}", close_reason(*reason))],
    }
}

fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unbound => "unbound",
        CloseReason::Refused => "refused",
        CloseReason::OutOfStep => "out-of-step",
        CloseReason::Silent => "silent",
        CloseReason::Ended => "ended",
        CloseReason::Drained => "drained",
    }
}

fn pdu(frame: &[u8]) -> String {
    let Header {
        command_id,
        command_status,
        sequence_number,
        ..
    } = Header::read(frame).unwrap();
    let mut line = format!("{command_id} {sequence_number}");
    if command_id.is_response() {
        write!(line, " {command_status}").unwrap();
    }
    match decode(frame).map(|(_, pdu)| pdu) {
        Ok(Pdu::BindTransmitterResp(resp) | Pdu::BindReceiverResp(resp) | Pdu::BindTransceiverResp(resp)) => {
            if !resp.system_id.is_empty() {
                write!(line, " {}", resp.system_id.escape_ascii()).unwrap();
            }
            tlvs(&mut line, resp.tlvs);
        }
        Ok(Pdu::SubmitSmResp(resp)) => {
            if !resp.message_id.is_empty() {
                write!(line, " {}", resp.message_id.escape_ascii()).unwrap();
            }
        }
        Ok(Pdu::DeliverSm(sm)) => short_message(&mut line, &sm),
        Ok(_) => {}
        Err(error) => write!(line, " ({error})").unwrap(),
    }
    let octets = frame.len();
    if command_id.is_response() {
        format!("{line} [{octets}]")
    } else {
        line
    }
}

fn short_message(line: &mut String, sm: &ShortMessage<'_>) {
    let (source, destination) = (sm.source_addr.escape_ascii(), sm.destination_addr.escape_ascii());
    write!(line, " {}/{}:{source}", sm.source_addr_ton, sm.source_addr_npi).unwrap();
    write!(line, " -> {}/{}:{destination}", sm.dest_addr_ton, sm.dest_addr_npi).unwrap();
    number(line, "esm", sm.esm_class.get());
    number(line, "dcs", sm.data_coding.0);
    octets(line, sm.short_message);
    tlvs(line, sm.tlvs);
}

fn message(message: &Message) -> String {
    let Message {
        service_type,
        source,
        destination,
        payload,
        udh,
        part,
        excerpt,
        ..
    } = message;
    let mut line = format!("{} -> {}", address(source), address(destination));
    if !service_type.is_empty() {
        write!(line, " service={service_type}").unwrap();
    }
    number(&mut line, "esm", message.esm_class);
    number(&mut line, "pid", message.protocol_id);
    number(&mut line, "priority", message.priority);
    number(&mut line, "dcs", message.data_coding);
    for (name, instant) in [("schedule", message.schedule), ("validity", message.validity)] {
        if let Some(instant) = instant {
            write!(line, " {name}={}", instant as i64 - START as i64).unwrap();
        }
    }
    let receipts = message.receipts;
    for (name, wanted) in [
        ("success", receipts.success),
        ("failure", receipts.failure),
        ("intermediate", receipts.intermediate),
    ] {
        if wanted {
            write!(line, " +{name}").unwrap();
        }
    }
    if !udh.is_empty() {
        write!(line, " udh=").unwrap();
        hex(&mut line, udh);
    }
    if let Some(part) = part {
        let scheme = match part.scheme {
            PartScheme::Udh8 => "udh8",
            PartScheme::Udh16 => "udh16",
            PartScheme::Sar => "sar",
        };
        write!(line, " part={scheme}:{}:{}/{}", part.reference, part.index, part.total).unwrap();
    }
    octets(&mut line, payload);
    if !excerpt.is_empty() {
        write!(line, " excerpt={excerpt:?}").unwrap();
    }
    for tlv in &message.tlvs {
        write!(line, " {:04x}=", tlv.tag).unwrap();
        hex(&mut line, &tlv.value);
    }
    line
}

fn address(address: &Address) -> String {
    format!("{}/{}:{}", address.ton, address.npi, address.digits)
}

fn number(line: &mut String, name: &str, value: u8) {
    if value != 0 {
        write!(line, " {name}={value:02x}").unwrap();
    }
}

fn octets(line: &mut String, octets: &[u8]) {
    if octets.len() <= 120 {
        write!(line, " \"{}\"", octets.escape_ascii()).unwrap();
    } else {
        write!(line, " \"{}...\"({})", octets[..12].escape_ascii(), octets.len()).unwrap();
    }
}

fn tlvs(line: &mut String, tlvs: Tlvs<'_>) {
    for tlv in tlvs {
        write!(line, " {}=", tlv.tag).unwrap();
        if tlv.value.len() <= 40 {
            hex(line, tlv.value);
        } else {
            write!(line, "({})", tlv.value.len()).unwrap();
        }
    }
}

fn hex(line: &mut String, octets: &[u8]) {
    for octet in octets {
        write!(line, "{octet:02x}").unwrap();
    }
}
