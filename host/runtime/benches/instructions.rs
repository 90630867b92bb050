//! Instructions of the hot path, counted by callgrind: the same on a busy machine as on a quiet one, so that two versions of the code can
//! be compared. `cargo bench -p edgebind-runtime --bench instructions` (Debian: `apt-get install valgrind`), two minutes.
#![expect(clippy::unwrap_used, reason = "a program that fails where it should")]

mod common;

use common::{component, natively, submit_sm, through_component};
use edgebind_runtime::{Engine, Limits, SessionComponent};
use edgebind_smpp::{CommandStatus, MessageIdResp, Pdu, decode, encode};
use std::{env, hint::black_box, process::Command};

/// What is counted: what it is called, and what does it so many times.
type Case = (&'static str, fn(usize));

const CASES: [Case; 6] = [
    ("decode submit_sm", decode_submit),
    ("encode submit_sm_resp", encode_answer),
    ("one submit_sm through the session, native", |count| _ = natively(1, count)),
    ("the same in batches of 32", |count| _ = natively(32, count)),
    ("one submit_sm through the session component", |count| through(1, count)),
    ("the same in batches of 32", |count| through(32, count)),
];

/// Two runs that differ by so many rounds: what both do besides is no part of the figure.
const ROUNDS: [usize; 2] = [640, 2_560];

/// The argument behind which valgrind's child finds its case and its rounds.
const COUNTED: &str = "--counted";

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == COUNTED) {
        let number = |at: usize| arguments[at].parse::<usize>().unwrap();
        return CASES[number(at + 1)].1(number(at + 2));
    }
    // What cargo test runs of a bench is that it starts.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    for (case, (name, _)) in CASES.iter().enumerate() {
        let [few, many] = ROUNDS.map(|rounds| counted(case, rounds));
        println!("{name:48} {:8} instructions", (many - few) / (ROUNDS[1] - ROUNDS[0]) as u64);
    }
}

/// Instructions of a process that does this.
fn counted(case: usize, rounds: usize) -> u64 {
    let valgrind = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args([COUNTED.to_owned(), case.to_string(), rounds.to_string()])
        .output()
        .unwrap_or_else(|why| panic!("valgrind cannot be started ({why}): install it (Debian: valgrind)"));
    let said = String::from_utf8_lossy(&valgrind.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.unwrap_or_else(|| panic!("callgrind has counted nothing:\n{said}"));
    collected.trim().parse().unwrap()
}

fn decode_submit(count: usize) {
    let frame = submit_sm();
    for _ in 0..count {
        black_box(decode(black_box(&frame)).is_ok());
    }
}

fn encode_answer(count: usize) {
    let answer = Pdu::SubmitSmResp(MessageIdResp {
        message_id: b"123456789012345678",
    });
    let mut out = Vec::new();
    for _ in 0..count {
        out.clear();
        black_box(encode(&mut out, CommandStatus::ROK, 1, black_box(&answer)).is_ok());
    }
}

fn through(batch: usize, count: usize) {
    let limits = Limits {
        sessions_max: 4,
        calls_max: 4,
        ..Limits::default()
    };
    let component = SessionComponent::load(&Engine::new(&limits).unwrap(), &component()).unwrap();
    through_component(&component, batch, count);
}
