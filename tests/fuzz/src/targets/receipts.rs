//! The text of a delivery receipt: whatever comes is read without trouble, and what we write is read as it was meant.

use edgebind_smpp::{
    MessageState,
    receipt::{Receipt, TEXT_MAX, parse},
};

use super::tape::Tape;
use crate::{memory, target::Target};

/// A text to read; its octets also choose the fields of a receipt to write.
pub(crate) const TARGET: Target = Target {
    name: "receipts",
    run,
    seeds,
    octets_max: 300,
};

fn run(input: &[u8]) {
    read(input);
    write(&mut Tape::new(input));
}

fn read(text: &[u8]) {
    let (reading, asked) = memory::of(|| parse(text));
    assert_eq!(asked.times, 0, "reading allocates nothing");
    if let Some(reading) = reading {
        assert!(!reading.id.is_empty() && !reading.stat.is_empty());
        let words = [reading.id, reading.stat, reading.error];
        assert!(words.iter().all(|word| !word.iter().any(u8::is_ascii_whitespace)));
        assert_eq!(reading.state, MessageState::from_stat(reading.stat));
    }
}

fn write(tape: &mut Tape<'_>) {
    let id = u64::from(tape.u32()).to_string();
    let moment = |tape: &mut Tape<'_>| u64::from(tape.u32()) << (tape.octet() % 33);
    let (submitted_ms, done_ms) = (moment(tape), moment(tape));
    let (state, error) = (MessageState(tape.octet() % 8 + 1), tape.u16());
    let text = String::from_utf8_lossy(tape.all());
    let receipt = Receipt {
        id: &id,
        submitted_ms,
        done_ms,
        state,
        error,
        text: &text,
    };
    let mut written = Vec::new();
    receipt.write(&mut written);
    assert!(
        written.iter().all(|octet| (b' '..=b'~').contains(octet)),
        "printable whatever the text is"
    );
    let Some(reading) = parse(&written) else {
        panic!("what is written is read: {}", written.escape_ascii());
    };
    assert_eq!((reading.id, reading.state), (id.as_bytes(), Some(state)));
    assert_eq!(reading.error, format!("{:03}", error.min(999)).as_bytes());
    assert_eq!(reading.text.len(), text.chars().count().min(TEXT_MAX));
    // A date of two digits means a year from 1938 to 2037.
    if submitted_ms < 2_145_916_800_000 {
        assert_eq!(reading.submitted_ms, Some(submitted_ms / 60_000 * 60_000));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "id:20250 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hi",
        "STAT:undeliv ID:4f1a-B Done Date:20260102150405 err:0A1",
        "id:1 stat:EXPIRED Text:id:2 stat:DELIVRD text: x",
        "id:c449ab9744f47b6af1879e49e75e4f40 sub:001 dlvrd:0 submit date:0610191018 done date:0610191018 stat:ACCEPTD err:0 text:This is an Acti",
        "id:1 sub:65536 dlvrd:-1 submit date:260102150 done date:2602301504 stat:SENDING err: text:",
        "id: stat:",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
