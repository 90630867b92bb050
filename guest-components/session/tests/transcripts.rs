//! Transcripts: what a machine says to what it is told, a line an event (`>`; `+` for a further one of the same call), a line an
//! action (`<`).
//!
//! `== title` begins a machine, `settings` may follow. `given` binds without showing it. `@ ms` sets the clock, counted from the start. `swap` saves the machine and goes on with the one restored,
//! by other settings if some are named. With `UPDATE_TRANSCRIPTS=1` the actions are written anew: read what changed.

#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that panics has failed")]

mod common;

use common::{START, config, events, setting, show, words::Words};
use edgebind_session::{
    Machine,
    message::Setting,
    session::{self, Action, Event},
};
use std::{collections::BTreeMap, env, fs, path::Path};

macro_rules! transcripts {
    ($($name:ident)*) => {
        mod transcript {
            $(#[test] fn $name() { super::check(stringify!($name)); })*
        }

        mod swapped_after_every_call {
            $(#[test] fn $name() { super::check_swapped(stringify!($name)); })*
        }

        #[test]
        fn every_transcript_is_checked() {
            let mut files: Vec<String> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*], "tests/transcripts.rs lists them in order");
        }
    };
}

transcripts! {
    alert_notification
    bind
    cancel_sm
    data_sm
    deliver
    drain
    end_of_stream
    enquire_link
    incoming
    message_id
    odd_frames
    packed
    q10_interface_version
    q11_no_unbind_resp
    q12_nothing_before_the_bind_response
    q13_synchronous_clients
    q14_addresses
    q15_deliver_sm_resp_codes
    q16_long_parts_from_kannel
    q17_deliver_sm_resp_bodies
    q18_repeated_parameters
    q19_system_type
    q1_failing_bind_responses
    q21_answered_before_the_upstream
    q4_every_success_has_an_id
    q7_responses_without_parameters
    q8_deliveries_that_clients_know
    q9_any_sequence_number
    query_sm
    receipt
    replace_sm
    submit_fields
    submit_multi
    submit_parts
    submit_sm
    swap
    unbind
    windows
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))
}

fn check(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let written = fs::read_to_string(&path).unwrap();
    let played = play(&written, false);
    if env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(&path, played).unwrap();
    } else {
        let first = written
            .lines()
            .zip(played.lines())
            .position(|(written, played)| written != played);
        let line = first.map_or(0, |place| place + 1);
        assert_eq!(written, played, "{}: line {line} is the first that differs", path.display());
    }
}

/// A machine that is saved and restored after every call says the same, but asks anew to be woken.
fn check_swapped(name: &str) {
    let written = fs::read_to_string(folder().join(name).with_extension("txt")).unwrap();
    let but_wake_at = |played: &str| -> Vec<String> {
        played
            .lines()
            .filter(|line| !line.starts_with("< wake-at"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(but_wake_at(&play(&written, true)), but_wake_at(&written));
}

/// The transcript as the machine plays it: the same events, its own actions.
fn play(written: &str, swapped: bool) -> String {
    let mut stage = Stage::new();
    let mut played = String::new();
    let mut lines = written.lines().filter(|line| !line.starts_with('<')).peekable();
    while let Some(line) = lines.next() {
        played.push_str(line);
        played.push('\n');
        if let Some(event) = line.strip_prefix("> ").or(line.strip_prefix("+ ")) {
            stage.happens(event);
            if lines.peek().is_none_or(|next| !next.starts_with('+')) {
                for action in stage.call() {
                    played.push_str(&format!("< {action}\n"));
                }
                if swapped {
                    stage.direct("swap");
                }
            }
        } else {
            stage.direct(line);
        }
    }
    played
}

struct Stage {
    settings: Vec<Setting>,
    machine: Option<Machine>,
    now: u64,
    events: Vec<Event>,
    /// Of every append and question, by its number.
    tokens: BTreeMap<u64, u64>,
}

impl Stage {
    fn new() -> Self {
        Self {
            settings: Vec::new(),
            machine: None,
            now: START,
            events: Vec::new(),
            tokens: BTreeMap::new(),
        }
    }

    fn config(&self) -> session::Config {
        session::Config {
            settings: self.settings.clone(),
            ..config(&[])
        }
    }

    fn machine(&mut self) -> &mut Machine {
        let config = self.config();
        self.machine.get_or_insert_with(|| Machine::new(&config))
    }

    fn happens(&mut self, line: &str) {
        let event = events::event(line, |number| self.tokens[&number]);
        self.events.push(event);
    }

    fn call(&mut self) -> Vec<String> {
        let (now, events) = (self.now, std::mem::take(&mut self.events));
        let actions = self.machine().on_events(now, events);
        for action in &actions {
            if let Action::Append((token, _)) | Action::Ask((token, _)) = action {
                self.tokens.insert(show::number(*token), *token);
            }
        }
        show::actions(&actions)
    }

    fn direct(&mut self, line: &str) {
        let words = Words::of(line);
        match words.verb() {
            "" | "#" => {}
            "==" => *self = Self::new(),
            "settings" => self.settings = words.pairs().map(|(name, value)| setting(name, value)).collect(),
            "@" => self.now = START + words.word(1).parse::<u64>().unwrap(),
            "given" => {
                self.happens(&line.replacen("given", "bound", 1));
                self.call();
            }
            "swap" => {
                let saved = self.machine().save();
                self.settings.extend(words.pairs().map(|(name, value)| setting(name, value)));
                self.machine = Some(Machine::restore(&self.config(), &saved).unwrap());
            }
            verb => panic!("what is {verb:?}?"),
        }
    }
}
