//! Wireshark's SMPP dissector as a judge that nobody of ours has taught: what a gateway sent must make sense to it, PDU by PDU.
//! Captures hold what was said in the clear; what TLS hides is the same code's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::capture::{Capture, PORT, Side};
use crate::{program, provision};

/// Wireshark's own numbers for how bad a finding is; from here on it is no remark.
const WARNING: u32 = 0x0060_0000;

/// Looks at everything that one side said in a capture; that is kept as `name`.pcap in the target directory.
///
/// # Errors
/// The decoder's own words about the first PDU that it finds malformed or worth a warning, and where the capture lies.
pub fn judge(capture: &Capture, side: Side, name: &str) -> Result<(), String> {
    if capture.frames(side) == 0 {
        return Ok(());
    }
    let file = capture_file(name);
    // Without the other side, from whose first words the decoder would gather what protocol the answers are in.
    fs::write(&file, capture.pcap(Some(side))).unwrap();
    judged(&file, capture.frames(side)).map_err(|why| {
        let whole = capture_file(&format!("{name}-whole"));
        fs::write(&whole, capture.pcap(None)).unwrap();
        format!("{why}\nThe whole conversation is in {}", whole.display())
    })
}

fn capture_file(name: &str) -> PathBuf {
    program::folder("captures").join(format!("{}.pcap", name.replace("::", "-")))
}

fn judged(file: &Path, sent: usize) -> Result<(), String> {
    let fields = ["frame.number", "smpp.command_id", "_ws.malformed", "_ws.expert.severity"];
    let lines = tshark(
        file,
        "tcp.len > 0",
        &[&["-T", "fields"], fields.map(|field| ["-e", field]).as_flattened()].concat(),
    );
    let mut understood = 0;
    for line in lines.lines() {
        let [frame, commands, malformed, severities] = columns(line);
        understood += commands.split(',').filter(|command| !command.is_empty()).count();
        let worst = severities.split(',').filter_map(|severity| severity.parse().ok()).max();
        if !malformed.is_empty() || worst.is_some_and(|worst: u32| worst >= WARNING) {
            let words = tshark(file, &format!("frame.number == {frame}"), &["-V"]);
            return Err(format!("packet {frame} of {}:\n{words}", file.display()));
        }
    }
    if understood != sent {
        let file = file.display();
        return Err(format!(
            "of {sent} PDUs that were sent in {file}, {understood} were understood"
        ));
    }
    Ok(())
}

fn columns(line: &str) -> [&str; 4] {
    let columns: Vec<_> = line.split('\t').collect();
    columns
        .try_into()
        .unwrap_or_else(|columns| panic!("four columns were asked for: {columns:?}"))
}

fn tshark(file: &Path, filter: &str, output: &[&str]) -> String {
    let mut command: Command = provision::tshark().program("usr/bin/tshark");
    command
        .arg("-r")
        .arg(file)
        .args(["-n", "-d", &format!("tcp.port=={PORT},smpp")])
        // One side of a connection is all that there is.
        .args(["-o", "tcp.analyze_sequence_numbers:false"])
        .args(["-Y", filter])
        .args(output)
        // Nobody's preferences.
        .env("WIRESHARK_CONFIG_DIR", program::folder("tshark-settings"));
    let output = command.output().expect("a provisioned tshark can be started");
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Submit, answer, bind, id, status, tlv};

    /// What a gateway says to a bind, a submit_sm and an enquire_link.
    fn good() -> Vec<Vec<u8>> {
        let system_id = [b"EDGEBIND\0".as_slice(), &tlv(0x0210, &[0x34])].concat();
        vec![
            answer(id::BIND_TRANSCEIVER | id::RESPONSE, status::ROK, 1, &system_id),
            answer(id::SUBMIT_SM | id::RESPONSE, status::ROK, 2, b"57026041640648704\0"),
            answer(id::SUBMIT_SM | id::RESPONSE, status::RTHROTTLED, 3, &[]),
            answer(id::ENQUIRE_LINK | id::RESPONSE, status::ROK, 4, &[]),
        ]
    }

    fn captured(gateway: &[Vec<u8>]) -> Capture {
        let mut capture = Capture::default();
        let connection = capture.open();
        capture.record(connection, Side::Caller, &bind(id::BIND_TRANSCEIVER, 1, "esme01", "secret08"));
        for pdu in gateway {
            capture.record(connection, Side::Listener, pdu);
        }
        capture
    }

    fn with(pdu: Vec<u8>) -> Capture {
        captured(&[good(), vec![pdu]].concat())
    }

    #[test]
    fn what_is_right_passes() {
        let capture = captured(&good());
        assert_eq!(capture.frames(Side::Listener), 4);
        judge(&capture, Side::Listener, "right").unwrap();
        // However it comes: all at once, or cut where no PDU ends.
        judge(&captured(&[good().concat()]), Side::Listener, "right-at-once").unwrap();
        let long = deliver_sm(b"", &tlv(0x0424, &[b'x'; 4000]));
        let cut: Vec<_> = [good().concat(), long].concat().chunks(1001).map(<[u8]>::to_vec).collect();
        judge(&captured(&cut), Side::Listener, "right-in-pieces").unwrap();
    }

    #[test]
    fn a_string_without_its_end_is_found() {
        let pdu = answer(id::SUBMIT_SM | id::RESPONSE, status::ROK, 5, b"57026041640648704");
        let words = judge(&with(pdu), Side::Listener, "string-without-end").unwrap_err();
        assert!(words.contains("Malformed Packet: SMPP"), "{words}");
    }

    #[test]
    fn a_missing_body_is_found() {
        let pdu = answer(id::BIND_TRANSCEIVER | id::RESPONSE, status::ROK, 5, &[]);
        judge(&with(pdu), Side::Listener, "body-missing").unwrap_err();
    }

    #[test]
    fn a_parameter_beyond_its_pdu_is_found() {
        let mut tail = tlv(0x0424, b"in full");
        tail[3] += 9;
        judge(&with(deliver_sm(b"", &tail)), Side::Listener, "parameter-beyond").unwrap_err();
    }

    #[test]
    fn a_text_in_two_places_is_found() {
        let words = judge(
            &with(deliver_sm(b"once", &tlv(0x0424, b"twice"))),
            Side::Listener,
            "two-texts",
        )
        .unwrap_err();
        assert!(words.contains("Expert Info (Warning/Protocol)"), "{words}");
    }

    #[test]
    fn what_is_no_smpp_is_found() {
        judge(&with(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Side::Listener, "no-smpp").unwrap_err();
    }

    #[test]
    fn what_clients_say_is_not_judged() {
        let mut capture = captured(&good());
        let connection = capture.open();
        capture.record(connection, Side::Caller, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        capture.record(connection, Side::Listener, &good().concat());
        judge(&capture, Side::Listener, "malformed-client").unwrap();
    }

    fn deliver_sm(short_message: &[u8], tail: &[u8]) -> Vec<u8> {
        let submit = Submit {
            short_message,
            tail: tail.to_vec(),
            ..Submit::default()
        };
        answer(id::DELIVER_SM, status::ROK, 5, &submit.pdu(5)[16..])
    }
}
