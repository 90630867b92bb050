//! Other people's SMPP servers on this machine, each fetched or built by its own tools on the first run, and listening on the loopback.

mod jasmin;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use edgebind_tests::{port, provision};

pub(crate) use jasmin::Jasmin;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(60);

/// Libraries, each with a handler that does nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Library {
    Smpp34Crate,
    NodeSmpp,
    Smpp34Python,
}

impl Library {
    pub(crate) fn start(self) -> Server {
        let port = port::free();
        let mut command = match self {
            Self::Smpp34Crate => Command::new(provision::smpp34_server()),
            Self::NodeSmpp => {
                let mut node = Command::new("node");
                node.arg(provision::node().join("server.js"));
                node
            }
            Self::Smpp34Python => {
                let mut python = Command::new(provision::python());
                python.arg(provision::sources("python/server_smpp34.py"));
                python
            }
        };
        Server::start(command.arg(port.to_string()), port)
    }
}

/// One process that listens. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(command: &mut Command, port: u16) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap_or_else(|why| panic!("{command:?} cannot be started: {why}"));
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Self {
            address: listening(port, None),
            input: input.expect("it was piped"),
            output: BufReader::new(output.expect("it was piped")),
            child,
        }
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        vec![self.child.id()]
    }

    /// submit_sm that the smpp34 crate's server has taken.
    pub(crate) fn taken(&mut self) -> u64 {
        writeln!(self.input).expect("the server reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the server answers");
        line.trim().parse().expect("it answers with a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until somebody listens there; else shows what was said meanwhile.
fn listening(port: u16, log: Option<&Path>) -> SocketAddr {
    let (address, began) = (SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Instant::now());
    while TcpStream::connect(address).is_err() {
        let said = || log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
        assert!(
            began.elapsed() < START,
            "nothing listens on {address} after {START:?}\n{}",
            said()
        );
        thread::sleep(Duration::from_millis(20));
    }
    address
}
