//! Actions as a person reads them: a line each, and a line for each PDU of a `send`.

use super::{
    super::{
        message::{self, show_address, show_hex, show_octet, show_octets, show_receipts, show_times},
        scene::BEGIN,
    },
    frames,
};
use edgebind_runtime::{
    message::Address,
    session::{Action, CloseReason, Question, Settlement, Token},
};
use edgebind_smpp::{Header, Npi, Pdu, ShortMessage, Tlvs, Ton, decode};
use std::fmt::Write as _;

/// The actions of one call. `number` knows the number of an append or a question.
pub(super) fn actions(actions: &[Action], number: impl Fn(Token) -> u64) -> Vec<String> {
    actions.iter().flat_map(|action| self::action(action, &number)).collect()
}

fn action(action: &Action, number: &impl Fn(Token) -> u64) -> Vec<String> {
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
        Action::Append((token, message)) => vec![format!("append {} {}", number(*token), message::show(message))],
        Action::Ask((token, question)) => vec![format!("ask {} {}", number(*token), self::question(question))],
        Action::Settle((token, Settlement::Done)) => vec![format!("settle {token} done")],
        Action::Settle((token, Settlement::Retry(after))) => vec![format!("settle {token} retry after {after}")],
        Action::Settle((token, Settlement::Dead(status))) => vec![format!("settle {token} dead {status:#x}")],
        Action::WakeAt(at) => vec![format!("wake-at {}", i128::from(*at) - i128::from(BEGIN))],
        Action::Say(line) => vec![format!("say {line}")],
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
    let Some(Header {
        command_id,
        command_status,
        sequence_number,
        ..
    }) = Header::read(frame)
    else {
        return format!("octets that are no PDU: {}", show_hex(frame));
    };
    let mut line = format!("{command_id} {sequence_number}");
    if command_id.is_response() {
        let _ = write!(line, " {command_status}");
    }
    match decode(frame).map(|(_, pdu)| pdu) {
        Ok(Pdu::BindTransmitterResp(resp) | Pdu::BindReceiverResp(resp) | Pdu::BindTransceiverResp(resp)) => {
            if !resp.system_id.is_empty() {
                let _ = write!(line, " {}", resp.system_id.escape_ascii());
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
                let _ = write!(line, " but not {}", unsuccesses.len());
            }
            for unsuccess in unsuccesses.iter().filter(|_| unsuccesses.len() <= 4) {
                line.push_str(" but not");
                end(
                    &mut line,
                    unsuccess.dest_addr_ton,
                    unsuccess.dest_addr_npi,
                    unsuccess.destination_addr,
                );
                let _ = write!(line, " {}", unsuccess.error_status_code);
            }
        }
        Ok(Pdu::QuerySmResp(resp)) if command_status.is_ok() => {
            id(&mut line, resp.message_id);
            let _ = write!(line, " {}", resp.message_state);
            if let Some(date) = resp.final_date.characters() {
                let _ = write!(line, " {}", date.escape_ascii());
            }
            let _ = write!(line, " error={}", resp.error_code);
        }
        Ok(Pdu::DeliverSm(sm)) => short_message(&mut line, &sm),
        Ok(Pdu::DataSm(sm)) => {
            end(&mut line, sm.source_addr_ton, sm.source_addr_npi, sm.source_addr);
            line.push_str(" ->");
            end(&mut line, sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr);
            show_octet(&mut line, "esm", sm.esm_class.get());
            show_octet(&mut line, "dcs", sm.data_coding.0);
            tlvs(&mut line, sm.tlvs);
        }
        Ok(Pdu::AlertNotification(alert)) => {
            end(&mut line, alert.source_addr_ton, alert.source_addr_npi, alert.source_addr);
            line.push_str(" ->");
            end(&mut line, alert.esme_addr_ton, alert.esme_addr_npi, alert.esme_addr);
            tlvs(&mut line, alert.tlvs);
        }
        Ok(_) => {}
        Err(error) => {
            let _ = write!(line, " ({error})");
        }
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
        let _ = write!(line, " {}", id.escape_ascii());
    }
}

fn end(line: &mut String, ton: Ton, npi: Npi, digits: &[u8]) {
    let _ = write!(line, " {ton}/{npi}:{}", digits.escape_ascii());
}

fn short_message(line: &mut String, sm: &ShortMessage<'_>) {
    end(line, sm.source_addr_ton, sm.source_addr_npi, sm.source_addr);
    line.push_str(" ->");
    end(line, sm.dest_addr_ton, sm.dest_addr_npi, sm.destination_addr);
    show_octet(line, "esm", sm.esm_class.get());
    show_octet(line, "dcs", sm.data_coding.0);
    show_octets(line, sm.short_message);
    tlvs(line, sm.tlvs);
}

fn question(question: &Question) -> String {
    let from = |line: &mut String, source: &Option<Address>| {
        if let Some(source) = source {
            let _ = write!(line, " from {}", show_address(source));
        }
    };
    let mut line = String::new();
    match question {
        Question::Query(query) => {
            let _ = write!(line, "query {}", query.id);
            from(&mut line, &query.source);
        }
        Question::Cancel(cancel) => {
            let _ = write!(line, "cancel {}", cancel.id.as_deref().unwrap_or("all"));
            from(&mut line, &cancel.source);
            if let Some(destination) = &cancel.destination {
                let _ = write!(line, " to {}", show_address(destination));
            }
            if let Some(service_type) = &cancel.service_type {
                let _ = write!(line, " service={service_type}");
            }
        }
        Question::Replace(replacement) => {
            let _ = write!(line, "replace {}", replacement.id);
            from(&mut line, &replacement.source);
            show_times(&mut line, replacement.schedule, replacement.validity);
            show_receipts(&mut line, replacement.receipts);
            show_octets(&mut line, &replacement.payload);
        }
    }
    line
}

fn tlvs(line: &mut String, tlvs: Tlvs<'_>) {
    for tlv in tlvs {
        let _ = write!(line, " {}=", tlv.tag);
        if tlv.value.len() <= 40 {
            line.push_str(&show_hex(tlv.value));
        } else {
            let _ = write!(line, "({})", tlv.value.len());
        }
    }
}
