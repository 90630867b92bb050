//! An ESME that somebody else wrote, driven line by line through its script in `clients/`: commands go in as JSON, events come
//! out as JSON.

use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::provision;
use crate::wait::PATIENCE;

/// Whose client it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// smpplib, from PyPI.
    Smpplib,
    /// aiosmpplib, from PyPI.
    Aiosmpplib,
    /// smpp34, from PyPI: a Rust library in Python's clothes.
    Smpp34,
    /// rusmppyc, from PyPI: another one, which speaks SMPP 5.0.
    Rusmppyc,
    /// smpp, from npm.
    NodeSmpp,
    /// Net::SMPP, from Debian.
    NetSmpp,
}

impl Library {
    fn command(self) -> Command {
        match self {
            Self::Smpplib => python("esme_smpplib.py"),
            Self::Aiosmpplib => python("esme_aiosmpplib.py"),
            Self::Smpp34 => python("esme_smpp34.py"),
            Self::Rusmppyc => python("esme_rusmppyc.py"),
            Self::NodeSmpp => {
                let mut command = Command::new("node");
                command.arg(provision::node().join("esme.js"));
                command
            }
            Self::NetSmpp => {
                let mut command = Command::new("perl");
                command
                    .arg(provision::sources("perl/esme.pl"))
                    .env("PERL5LIB", provision::net_smpp().file("usr/share/perl5"));
                command
            }
        }
    }
}

fn python(script: &str) -> Command {
    let mut command = Command::new(provision::python());
    command
        .arg(provision::sources("python").join(script))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// What a client binds as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// bind_transceiver.
    Transceiver,
    /// bind_transmitter.
    Transmitter,
    /// bind_receiver.
    Receiver,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Transceiver => "transceiver",
            Self::Transmitter => "transmitter",
            Self::Receiver => "receiver",
        }
    }
}

/// A running script. Killed when dropped.
pub struct Script {
    child: Child,
    commands: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
    /// Heard, and not yet asked for.
    waiting: Vec<Value>,
}

impl Script {
    /// Starts the script and waits until it is bound as a transceiver.
    pub async fn bind(library: Library, smpp: SocketAddr, system_id: &str, password: &str) -> Self {
        Self::bind_as(library, Kind::Transceiver, smpp, system_id, password).await
    }

    /// Starts the script and waits until it is bound.
    pub async fn bind_as(library: Library, kind: Kind, smpp: SocketAddr, system_id: &str, password: &str) -> Self {
        let mut script = Self::start(library, kind, smpp, system_id, password);
        script.event("bound", |_| true).await;
        script
    }

    /// Starts the script, whatever will come of its bind.
    pub fn start(library: Library, kind: Kind, smpp: SocketAddr, system_id: &str, password: &str) -> Self {
        let mut child = library
            .command()
            .args([
                &smpp.ip().to_string(),
                &smpp.port().to_string(),
                system_id,
                password,
                kind.name(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|why| panic!("the client of {library:?} cannot be started: {why}"));
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            commands: child.stdin.take(),
            child,
            events,
            waiting: Vec::new(),
        }
    }

    /// Has a message submitted, with a receipt; all events of it will carry `tag`.
    pub async fn submit(&mut self, tag: &str, source: &str, destination: &str, text: &str) {
        self.tell(&json!({
            "do": "submit", "tag": tag, "source": source, "destination": destination, "text": text, "receipt": true,
        }))
        .await;
    }

    /// Gives the script a command: the method that `do` names, with the rest as its arguments.
    pub async fn tell(&mut self, command: &Value) {
        let commands = self
            .commands
            .as_mut()
            .expect("commands end with unbind, which takes the script");
        commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    }

    /// One enquire_link, and the client's own word that it was answered.
    pub async fn enquire(&mut self) {
        self.tell(&json!({ "do": "enquire" })).await;
        self.event("enquired", |_| true).await;
    }

    /// The message id of one submit_sm_resp to `tag`, which must be good.
    pub async fn submitted(&mut self, tag: &str) -> String {
        let event = self.event("submitted", |event| event["tag"] == tag).await;
        assert_eq!(event["status"], 0, "command_status of the submit_sm_resp to {tag}: {event}");
        string(&event["id"])
    }

    /// The final receipt for a message id.
    pub async fn receipt(&mut self, id: &str) -> Value {
        self.event("receipt", |event| {
            event["id"] == id && event["esm_class"].as_u64().unwrap() & 0x3C == 0x04
        })
        .await
    }

    /// The next event of a kind that fits; others are kept for later.
    pub async fn event(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let wanted = |event: &Value| event["event"] == kind && fits(event);
        if let Some(at) = self.waiting.iter().position(wanted) {
            return self.waiting.remove(at);
        }
        loop {
            let Ok(line) = timeout(PATIENCE, self.events.next_line()).await else {
                panic!("waited {PATIENCE:?} for {kind}; heard instead: {:#?}", self.waiting);
            };
            let Some(line) = line.unwrap() else {
                panic!("the client ended before {kind}; heard until then: {:#?}", self.waiting);
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{line:?} is no event: {why}"));
            if wanted(&event) {
                return event;
            }
            self.waiting.push(event);
        }
    }

    /// Lets the client unbind and end; what it heard that nobody asked for.
    pub async fn unbind(mut self) -> Vec<Value> {
        self.commands = None;
        self.event("unbound", |_| true).await;
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .expect("an unbound client ends")
            .unwrap();
        assert!(status.success(), "the client ended with {status}");
        self.waiting
    }
}

/// A text in an event.
pub fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
