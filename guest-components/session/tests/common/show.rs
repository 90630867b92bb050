//! Actions as a person reads them: a line each, and a line for each PDU of a `send`.

use super::{START, frames};
use edgebind_session::{
    message::{Address, Alphabet, Message, PartScheme, Receipts},
    session::{Action, CloseReason, Question, Settlement, Token},
};
use edgebind_smpp::{Header, Npi, Pdu, ShortMessage, Tlvs, Ton, decode};
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
        Action::Ready(readiness) => {
            let addresses = readiness.addresses.iter().map(|addresses| format!(" for {addresses:?}"));
            vec![format!("ready {}{}", readiness.window, addresses.collect::<String>())]
        }
        Action::Append((token, message)) => vec![format!("append {} {}", number(*token), self::message(message))],
        Action::Ask((token, question)) => vec![format!("ask {} {}", number(*token), self::question(question))],
        Action::Settle((token, Settlement::Done)) => vec![format!("settle {token} done")],
        Action::Settle((token, Settlement::Retry(after))) => vec![format!("settle {token} retry after {after}")],
        Action::Settle((token, Settlement::Dead(status))) => vec![format!("settle {token} dead {status:#x}")],
        Action::WakeAt(at) => vec![format!("wake-at {}", at - START)],
        Action::Say(line) => vec![format!("say {line}")],
        Action::Close(reason) => vec![format!("close {}", close_reason(*reason))],
    }
}

/// The number of an append or question: the count within its token.
pub(crate) fn number(token: Token) -> u64 {
    token >> 32 & 0x0FFF_FFFF
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
        Ok(Pdu::SubmitSmResp(resp)) => id(&mut line, resp.message_id),
        Ok(Pdu::DataSmResp(resp)) => {
            id(&mut line, resp.message_id);
            tlvs(&mut line, resp.tlvs);
        }
        Ok(Pdu::SubmitMultiResp(resp)) => {
            id(&mut line, resp.message_id);
            let unsuccesses = resp.unsuccess_smes;
            if unsuccesses.len() > 4 {
                write!(line, " but not {}", unsuccesses.len()).unwrap();
            }
            for unsuccess in unsuccesses.iter().filter(|_| unsuccesses.len() <= 4) {
                line.push_str(" but not");
                end(
                    &mut line,
                    unsuccess.dest_addr_ton,
                    unsuccess.dest_addr_npi,
                    unsuccess.destination_addr,
                );
                write!(line, " {}", unsuccess.error_status_code).unwrap();
            }
        }
        Ok(Pdu::QuerySmResp(resp)) if command_status.is_ok() => {
            id(&mut line, resp.message_id);
            write!(line, " {}", resp.message_state).unwrap();
            if let Some(date) = resp.final_date.characters() {
                write!(line, " {}", date.escape_ascii()).unwrap();
            }
            write!(line, " error={}", resp.error_code).unwrap();
        }
        Ok(Pdu::DeliverSm(sm)) => short_message(&mut line, &sm),
        Ok(Pdu::DataSm(sm)) => {
            end(&mut line, sm.source_addr_ton, sm.source_addr_npi, sm.source_addr);
            line.push_str(" ->");
            end(&mut line, sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr);
            octet(&mut line, "esm", sm.esm_class.get());
            octet(&mut line, "dcs", sm.data_coding.0);
            tlvs(&mut line, sm.tlvs);
        }
        Ok(Pdu::AlertNotification(alert)) => {
            end(&mut line, alert.source_addr_ton, alert.source_addr_npi, alert.source_addr);
            line.push_str(" ->");
            end(&mut line, alert.esme_addr_ton, alert.esme_addr_npi, alert.esme_addr);
            tlvs(&mut line, alert.tlvs);
        }
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

fn id(line: &mut String, id: &[u8]) {
    if !id.is_empty() {
        write!(line, " {}", id.escape_ascii()).unwrap();
    }
}

fn end(line: &mut String, ton: Ton, npi: Npi, digits: &[u8]) {
    write!(line, " {ton}/{npi}:{}", digits.escape_ascii()).unwrap();
}

fn short_message(line: &mut String, sm: &ShortMessage<'_>) {
    end(line, sm.source_addr_ton, sm.source_addr_npi, sm.source_addr);
    line.push_str(" ->");
    end(line, sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr);
    octet(line, "esm", sm.esm_class.get());
    octet(line, "dcs", sm.data_coding.0);
    octets(line, sm.short_message);
    tlvs(line, sm.tlvs);
}

fn question(question: &Question) -> String {
    let from = |line: &mut String, source: &Option<Address>| {
        if let Some(source) = source {
            write!(line, " from {}", address(source)).unwrap();
        }
    };
    let mut line = String::new();
    match question {
        Question::Query(query) => {
            write!(line, "query {}", query.id).unwrap();
            from(&mut line, &query.source);
        }
        Question::Cancel(cancel) => {
            write!(line, "cancel {}", cancel.id.as_deref().unwrap_or("all")).unwrap();
            from(&mut line, &cancel.source);
            if let Some(destination) = &cancel.destination {
                write!(line, " to {}", address(destination)).unwrap();
            }
            if let Some(service_type) = &cancel.service_type {
                write!(line, " service={service_type}").unwrap();
            }
        }
        Question::Replace(replacement) => {
            write!(line, "replace {}", replacement.id).unwrap();
            from(&mut line, &replacement.source);
            times(&mut line, replacement.schedule, replacement.validity);
            receipts(&mut line, replacement.receipts);
            octets(&mut line, &replacement.payload);
        }
    }
    line
}

fn times(line: &mut String, schedule: Option<u64>, validity: Option<u64>) {
    for (name, instant) in [("schedule", schedule), ("validity", validity)] {
        if let Some(instant) = instant {
            write!(line, " {name}={}", instant as i64 - START as i64).unwrap();
        }
    }
}

fn receipts(line: &mut String, receipts: Receipts) {
    for (name, wanted) in [
        ("success", receipts.success),
        ("failure", receipts.failure),
        ("intermediate", receipts.intermediate),
    ] {
        if wanted {
            write!(line, " +{name}").unwrap();
        }
    }
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
    for destination in &message.also_to {
        write!(line, " + {}", address(destination)).unwrap();
    }
    if !service_type.is_empty() {
        write!(line, " service={service_type}").unwrap();
    }
    octet(&mut line, "esm", message.esm_class);
    octet(&mut line, "pid", message.protocol_id);
    octet(&mut line, "priority", message.priority);
    octet(&mut line, "dcs", message.data_coding);
    times(&mut line, message.schedule, message.validity);
    receipts(&mut line, message.receipts);
    if message.replace_if_present {
        line.push_str(" +replace");
    }
    let alphabet = match message.alphabet {
        Alphabet::Gsm => "",
        Alphabet::Latin1 => " latin1",
        Alphabet::Ascii => " ascii",
        Alphabet::Utf8 => " utf8",
    };
    line.push_str(alphabet);
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

fn octet(line: &mut String, name: &str, value: u8) {
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
