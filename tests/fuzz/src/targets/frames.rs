//! Framing as a connection does it: octets come in pieces, frames are taken off the front until more octets are needed.

use edgebind_smpp::frame::{self, BadLength, HEADER_LEN};

use super::{golden, tape::Tape};
use crate::{memory, target::Target};

/// The first octet chooses the largest frame, the second how the stream is cut; the rest is the stream.
pub(crate) const TARGET: Target = Target {
    name: "frames",
    run,
    seeds,
    octets_max: 1024,
};

const FRAME_OCTETS_MAX: [usize; 4] = [65_536, 16, 64, 300];

fn run(input: &[u8]) {
    let mut tape = Tape::new(input);
    let max = tape.one_of(FRAME_OCTETS_MAX);
    let piece_octets = tape.one_of([1, 2, 3, 4, 5, 15, 16, 17, 64, 1024]);
    let stream = tape.all();
    let (whole, asked) = memory::of(|| frame::split(stream, max));
    assert_eq!(asked.times, 0, "framing allocates nothing");
    assert_eq!(whole, model(stream, max), "one frame of {} octets", stream.len());
    let at_once = read(&[stream], max);
    let pieces: Vec<&[u8]> = stream.chunks(piece_octets).collect();
    assert_eq!(read(&pieces, max), at_once, "frames do not depend on how octets arrive");
    let (frames, rest, bad) = at_once;
    let taken: usize = frames.iter().map(Vec::len).sum();
    assert_eq!([&frames.concat()[..], &rest[..]].concat(), stream, "no octet is lost");
    assert!(frames.iter().all(|frame| (HEADER_LEN..=max).contains(&frame.len())));
    assert!(
        bad.is_some() || rest.len() < max,
        "{} octets are gathered for nothing",
        rest.len()
    );
    if let Some(bad) = bad {
        assert!(stream.len() >= taken + 4);
        assert!(!bad.to_string().is_empty());
    }
}

/// Frames, octets that are in none, and what was wrong with them.
type Read = (Vec<Vec<u8>>, Vec<u8>, Option<BadLength>);

/// What `host/gateway/src/smpp/connection.rs` does with a socket.
fn read(pieces: &[&[u8]], max: usize) -> Read {
    let mut frames = Vec::new();
    let mut buffer = Vec::new();
    let mut bad = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while bad.is_none() {
            match frame::split(&buffer, max) {
                Ok(Some(length)) => frames.push(buffer.drain(..length).collect()),
                Ok(None) => break,
                Err(error) => bad = Some(error),
            }
        }
    }
    (frames, buffer, bad)
}

/// The rule of SMPP 3.4 §3.2 in the plainest words.
fn model(stream: &[u8], max: usize) -> Result<Option<usize>, BadLength> {
    if stream.len() < 4 {
        return Ok(None);
    }
    let command_length = stream[..4]
        .iter()
        .fold(0, |number: u32, &octet| number << 8 | u32::from(octet));
    let length = command_length as usize;
    if length < 16 || length > max {
        Err(BadLength { command_length, max })
    } else if length > stream.len() {
        Ok(None)
    } else {
        Ok(Some(length))
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let streams = [
        golden::frames().concat(),
        [&golden::frames()[0][..], &[0, 0, 0, 15]].concat(),
        vec![0, 0, 0, 16],
        vec![0xFF; 4],
        Vec::new(),
    ];
    let cuts = [[0, 0], [1, 4], [2, 9], [3, 6]];
    let seeds = streams.iter().flat_map(|stream| cuts.map(|cut| [&cut[..], stream].concat()));
    seeds.collect()
}
