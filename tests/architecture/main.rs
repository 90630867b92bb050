//! Who may import whom, read from `cargo metadata`: a new arrow between the rooms of the house is named here, with the reason why
//! it should not be.

#![allow(clippy::unwrap_used, reason = "a panic is a test's way to say no")]

mod quirks;

use std::collections::BTreeSet;
use std::process::Command;

use edgebind_tests::program;
use serde_json::Value;

/// What a crate may have inside it: its ordinary dependencies among the workspace's own crates.
const ARROWS: [(&str, &[&str], &str); 12] = [
    (
        "smpp",
        &[],
        "smpp is the protocol alone: guests and host share it, so it can know neither",
    ),
    (
        "session",
        &["heap", "smpp"],
        "a guest sees the contract and the protocol; what the host is made of must not decide anything",
    ),
    (
        "smsgate",
        &["heap", "smpp"],
        "a guest sees the contract and the protocol, and never another guest",
    ),
    (
        "vonage",
        &["heap", "smpp"],
        "a guest sees the contract and the protocol, and never another guest",
    ),
    (
        "http-template",
        &["heap", "smpp"],
        "a guest sees the contract and the protocol, and never another guest",
    ),
    ("heap", &[], "an allocator knows no message"),
    ("faulty", &[], "a misdeed needs the contract and nothing else"),
    (
        "componentize",
        &[],
        "a build tool that knew what it builds would have to be built after it",
    ),
    (
        "runtime",
        &[],
        "runtime knows wasm, and never a message's meaning: no SMPP, no sockets, no disk but its compile cache",
    ),
    (
        "ledger",
        &[],
        "ledger sees bytes, and never a message: no SMPP, no HTTP, no wasm",
    ),
    (
        "gateway",
        &["ledger", "runtime", "simulator", "smpp"],
        "gateway joins runtime, ledger and smpp, and reaches guests through runtime only; a guest that is linked in is no guest",
    ),
    (
        "simulator",
        &["smpp"],
        "the simulator is the world outside: if it knew the gateway it would agree with its mistakes",
    ),
];

/// The tests are outside too. They are no room of the house, so no room may have them inside it.
const TESTS: [(&str, &[&str], &str); 2] = [
    (
        "tests",
        &["componentize", "simulator", "smpp"],
        "the tests speak TCP, HTTP and the command line only, and build what they deploy",
    ),
    (
        "fuzz",
        &["session", "smpp"],
        "fuzz links in what reads octets from outside, natively; the host is not there to be run a million times",
    ),
];

/// Crates of others that one room keeps to itself.
const KEPT: [(&str, &[&str], &str); 4] = [
    ("wasmtime", &["runtime"], "only runtime names wasmtime"),
    ("fjall", &["ledger"], "only ledger names a database"),
    ("async-nats", &["ledger"], "only ledger names NATS"),
    (
        "tokio-rustls",
        &["gateway", "tests"],
        "gateway is the only product crate with sockets",
    ),
];

#[test]
fn no_new_arrow_between_the_rooms() {
    let allowed = |room: &str| {
        let all = ARROWS.iter().chain(&TESTS);
        *all.into_iter()
            .find(|(name, _, _)| *name == room)
            .unwrap_or_else(|| panic!("edgebind-{room} is a new crate: give it a row here, and a reason that Cargo can see"))
    };
    let wrong: Vec<String> = packages()
        .iter()
        .flat_map(|package| {
            let (room, inside, reason) = allowed(&package.room);
            let added = package.dependencies.iter().filter_map(|name| name.strip_prefix("edgebind-"));
            let added = added.filter(|name| !inside.contains(name));
            added.map(|name| format!("{room} -> {name}: {reason}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "new arrows between the rooms of the house:\n  {}",
        wrong.join("\n  ")
    );
}

#[test]
fn what_one_room_keeps_to_itself_is_named_by_no_other() {
    let packages = packages();
    for (dependency, rooms, reason) in KEPT {
        let others: Vec<&str> = packages
            .iter()
            .filter(|package| package.dependencies.contains(dependency) && !rooms.contains(&package.room.as_str()))
            .map(|package| package.room.as_str())
            .collect();
        assert!(others.is_empty(), "{dependency} is named by {}: {reason}", others.join(", "));
    }
}

struct Package {
    /// The package's name without `edgebind-`.
    room: String,
    /// Names of what is linked into it; tests and build scripts may use more.
    dependencies: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(program::workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let name = package["name"].as_str().unwrap();
            let room = name
                .strip_prefix("edgebind-")
                .unwrap_or_else(|| panic!("{name} is not named edgebind-..."));
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let dependencies = dependencies
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            Package {
                room: room.to_owned(),
                dependencies: dependencies.collect(),
            }
        })
        .collect()
}
