//! A process of `edgebind serve`: started on free ports of the loopback, ended as an operator or a power cut would end it.

use std::cell::Cell;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::admin::Admin;
use crate::capture::Side;
use crate::tap::Tap;
use crate::{port, program, tshark, wait};

/// Compiling the guests is part of a start, and a debug build takes its time over it.
const START: Duration = Duration::from_secs(60);

/// What outlives a process: data directory, configuration and log of one gateway. Removed when dropped.
pub struct Home {
    folder: TempDir,
    http_port: u16,
}

impl Home {
    /// An empty home, on the disk where cargo builds: what must survive a crash is not tried on a file system in memory.
    pub fn new() -> Self {
        Self::within(&env::temp_dir())
    }

    /// An empty home in this folder.
    pub fn within(folder: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("edgebind-").tempdir_in(folder).unwrap();
        Self {
            folder,
            http_port: port::free(),
        }
    }

    /// Where this home's HTTP listener is to be: fixed, because upstreams keep the webhook URLs that they were given.
    pub fn http(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.http_port).into()
    }

    /// What `--data-dir` names.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file of this home, written now.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Everything that processes of this home have logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("edgebind.log")
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a process says that it listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Plain SMPP.
    pub smpp: SocketAddr,
    /// SMPP inside TLS, where it is configured.
    pub smpps: Option<SocketAddr>,
    /// Webhooks, health and metrics.
    pub http: SocketAddr,
    /// The admin API.
    pub admin: SocketAddr,
}

/// A running `edgebind serve`. Killed when dropped; what it has sent is judged then, and its log is shown when a test fails.
pub struct Edgebind {
    /// What its capture is called.
    name: String,
    child: Child,
    addresses: Addresses,
    data_dir: PathBuf,
    /// What clients connect to instead of the plain listener.
    tap: Tap,
    log_file: PathBuf,
    /// Held open: a program that writes to a closed pipe would be ended by that.
    _stdout: BufReader<ChildStdout>,
}

impl Edgebind {
    /// Starts with a configuration file, whose listeners ask for port 0.
    pub async fn with_config(home: &Home, toml: &str) -> Self {
        Self::with_config_and_env(home, toml, &[]).await
    }

    /// Starts with a configuration file that takes secrets from the environment.
    pub async fn with_config_and_env(home: &Home, toml: &str, variables: &[(&str, &str)]) -> Self {
        let config = home.write("edgebind.toml", toml);
        Self::start(home, &["--config".as_ref(), config.as_os_str()], variables).await
    }

    /// Starts with no file at all: a pass-through tenant made of environment variables.
    pub async fn with_env(home: &Home, variables: &[(&str, &str)]) -> Self {
        let http = home.http().to_string();
        let webhooks = format!("http://{http}");
        let listeners = [
            ("SMPP__BIND_ADDRESS", "127.0.0.1:0"),
            ("HTTP__ADDRESS", &http),
            ("ADMIN__ADDRESS", "127.0.0.1:0"),
            ("GATEWAY__WEBHOOK_BASE_URL", &webhooks),
        ];
        Self::start(home, &[], &[&listeners, variables].concat()).await
    }

    /// Starts with a configuration file, and kills the process after so long, however far it has come.
    pub async fn killed_while_starting(home: &Home, toml: &str, variables: &[(&str, &str)], after: Duration) {
        let config = home.write("edgebind.toml", toml);
        let mut child = spawn(home, &["--config".as_ref(), config.as_os_str()], variables);
        tokio::time::sleep(after).await;
        child.kill().await.unwrap();
    }

    async fn start(home: &Home, arguments: &[&std::ffi::OsStr], variables: &[(&str, &str)]) -> Self {
        let log_file = home.log_file();
        let mut child = spawn(home, arguments, variables);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let said = timeout(START, stdout.read_line(&mut line)).await;
        assert!(
            matches!(said, Ok(Ok(1..))),
            "edgebind did not say within {START:?} where it listens; the end of its log:\n{}",
            last_lines(&log_file)
        );
        let addresses = addresses(&line);
        let edgebind = Self {
            name: name(),
            child,
            tap: Tap::before(addresses.smpp).await,
            addresses,
            data_dir: home.data_dir(),
            log_file,
            _stdout: stdout,
        };
        edgebind.healthy().await;
        edgebind
    }

    async fn healthy(&self) {
        let health = self.url("/health");
        wait::until("/health to answer 200", START, async || {
            reqwest::get(&health).await.ok().filter(|answer| answer.status() == 200)
        })
        .await;
    }

    /// Where plain SMPP is heard, through a tap: all that the gateway says there is judged when it ends.
    pub fn smpp(&self) -> SocketAddr {
        self.tap.address()
    }

    /// The plain listener itself, for those who measure it or ask whether it is there.
    pub fn smpp_listener(&self) -> SocketAddr {
        self.addresses.smpp
    }

    /// Where SMPP inside TLS is heard.
    pub fn smpps(&self) -> SocketAddr {
        self.addresses.smpps.expect("this scenario has configured a TLS listener")
    }

    /// The URL of a path on the HTTP listener.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.http)
    }

    /// A client of its admin API.
    pub fn admin(&self) -> Admin {
        Admin::of(&format!("http://{}", self.addresses.admin), &self.data_dir)
    }

    /// The metrics as they are now.
    pub async fn metrics(&self) -> String {
        reqwest::get(self.url("/metrics")).await.unwrap().text().await.unwrap()
    }

    /// The status of its /health.
    pub async fn health(&self) -> u16 {
        reqwest::get(self.url("/health")).await.unwrap().status().as_u16()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child
            .id()
            .expect("the process is waited for only by methods that take it")
    }

    /// SIGTERM, and what the process makes of it.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        match timeout(START, self.child.wait()).await {
            Ok(status) => status.unwrap(),
            Err(_) => panic!("edgebind still runs {START:?} after SIGTERM"),
        }
    }

    /// Tells the process to drain, and does not wait for it.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// SIGKILL: what a crash leaves behind is on disk or nowhere.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Drop for Edgebind {
    fn drop(&mut self) {
        if !thread::panicking() {
            if let Err(why) = tshark::judge(&self.tap.take(), Side::Listener, &self.name) {
                panic!("tshark on what the gateway sent: {why}");
            }
        } else {
            eprintln!(
                "--- log of edgebind\n{}---",
                fs::read_to_string(&self.log_file).unwrap_or_default()
            );
        }
    }
}

fn spawn(home: &Home, arguments: &[&std::ffi::OsStr], variables: &[(&str, &str)]) -> Child {
    let log = OpenOptions::new().create(true).append(true).open(home.log_file()).unwrap();
    command()
        .args(["serve", "--print-addresses", "--data-dir"])
        .arg(home.data_dir())
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("edgebind can be started")
}

/// The running test, and which of its gateways this is.
fn name() -> String {
    thread_local! {
        static GATEWAYS: Cell<u32> = const { Cell::new(0) };
    }
    let number = GATEWAYS.get() + 1;
    GATEWAYS.set(number);
    let thread = thread::current();
    format!("{}-{number}", thread.name().unwrap_or("a-test"))
}

/// The program with an environment in which only the caller's variables mean something to it.
pub fn command() -> Command {
    let mut command = Command::new(program::edgebind());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["SMPP__", "GATEWAY__", "HTTP__", "ADMIN__", "EDGEBIND_", "RUST_LOG"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    // What one process has compiled, the next ones find there.
    command.env("EDGEBIND_CACHE_DIR", program::folder("cache"));
    command
}

/// What a failing test shows of a log.
pub(crate) fn last_lines(log: &Path) -> String {
    const OCTETS: usize = 64 * 1024;
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut from = text.len().saturating_sub(OCTETS);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].to_owned()
}

/// Whether any file below `folder` holds these octets, and which.
pub fn file_with(folder: &Path, octets: &[u8]) -> Option<PathBuf> {
    fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return file_with(&path, octets);
        }
        let content = File::open(&path).and_then(|mut file| {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut content).map(|_| content)
        });
        content
            .unwrap()
            .windows(octets.len())
            .any(|window| window == octets)
            .then_some(path)
    })
}

/// `{"smpp":"127.0.0.1:41234","smpps":null,"http":"127.0.0.1:41235","admin":"127.0.0.1:41236"}`
fn addresses(line: &str) -> Addresses {
    let said: serde_json::Value = serde_json::from_str(line).expect("the first line of stdout is JSON");
    let address = |name: &str| said[name].as_str().map(|address| address.parse().unwrap());
    Addresses {
        smpp: address("smpp").expect("a plain listener is configured"),
        smpps: address("smpps"),
        http: address("http").expect("an HTTP listener is configured"),
        admin: address("admin").expect("there is always an admin API"),
    }
}
