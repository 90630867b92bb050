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
    /// smpp, from npm.
    NodeSmpp,
}

/// A running script, bound as a transceiver. Killed when dropped.
pub struct Script {
    child: Child,
    commands: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
    /// Heard, and not yet asked for.
    waiting: Vec<Value>,
}

impl Script {
    /// Starts the script and waits until it is bound.
    pub async fn bind(library: Library, smpp: SocketAddr, system_id: &str, password: &str) -> Self {
        let mut command = match library {
            Library::Smpplib => {
                let mut command = Command::new(provision::python());
                command
                    .arg(provision::sources("python/esme_smpplib.py"))
                    .env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Library::NodeSmpp => {
                let mut command = Command::new("node");
                command.arg(provision::node().join("esme.js"));
                command
            }
        };
        let mut child = command
            .args([&smpp.ip().to_string(), &smpp.port().to_string(), system_id, password])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a provisioned client can be started");
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut script = Self {
            commands: child.stdin.take(),
            child,
            events,
            waiting: Vec::new(),
        };
        script.event("bound", |_| true).await;
        script
    }

    /// Has a message submitted; all events of it will carry `tag`.
    pub async fn submit(&mut self, tag: &str, source: &str, destination: &str, text: &str) {
        let command = json!({
            "do": "submit", "tag": tag, "source": source, "destination": destination, "text": text, "receipt": true,
        });
        let commands = self
            .commands
            .as_mut()
            .expect("commands end with unbind, which takes the script");
        commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
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
            let event: Value = serde_json::from_str(&line).unwrap();
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
