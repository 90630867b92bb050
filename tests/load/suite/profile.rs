//! Where the processor time goes: stacks of the gateway's threads, sampled by perf while a path is under load, and counted by the room of
//! the house that each was in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::accept::{Server, accept};
use super::delivery::deliver;
use super::full_path::full_path;
use super::{Suite, Table};
use crate::client::Pace;

/// How long to sample.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// Seconds of each path
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Messages over the full path, and of those that are delivered; enough for so many seconds
    #[arg(long, default_value_t = 150_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,
}

/// A room is the first of these that names the innermost function of a stack, or else the next around it.
const ROOMS: [(&str, &[&str]); 12] = [
    ("guest code", &["wasm["]),
    (
        "wasmtime: instances",
        &[
            "PoolingInstanceAllocator",
            "StoreOpaque as core::ops::drop",
            "StoreOpaque::allocate_instance",
            "InstancePre",
        ],
    ),
    ("wasmtime: calls and values", &["wasmtime"]),
    ("allocator", &["mi_", "_mi_", "libmimalloc"]),
    ("TLS", &["rustls", "aws_lc"]),
    ("ledger's engine", &["fjall", "lsm_tree", "crossbeam_skiplist"]),
    ("ledger", &["edgebind_ledger"]),
    (
        "HTTP client and server",
        &["hyper", "reqwest", "tower", "axum", "url::", "http::", "http_body"],
    ),
    ("SMPP", &["edgebind_smpp", "edgebind::smpp", "edgebind::bind"]),
    ("runtime", &["edgebind_runtime"]),
    ("gateway", &["edgebind::"]),
    ("tokio", &["tokio", "mio::"]),
];

/// The same for what the kernel does, by what it is doing it for.
const KERNEL: [(&str, &[&str]); 4] = [
    ("kernel: disk", &["fsync", "ext4", "blk_", "jbd2", "ksys_write"]),
    (
        "kernel: network",
        &["tcp_", "sock", "__sys_sendto", "__sys_recvfrom", "do_writev", "inet_"],
    ),
    (
        "kernel: memory",
        &["page_fault", "mmap", "munmap", "mprotect", "madvise", "pagemap"],
    ),
    (
        "kernel: scheduling",
        &["futex", "schedule", "epoll", "nanosleep", "eventfd", "sched_"],
    ),
];

const ELSE: &str = "else";

/// What is shown of single functions.
const FUNCTIONS: usize = 12;

impl Profile {
    pub(crate) fn run(self) -> ExitCode {
        if let Err(why) = Command::new("perf").arg("version").stdout(Stdio::null()).status() {
            eprintln!("perf cannot be started ({why}): install it (Debian: linux-perf)");
            return ExitCode::from(2);
        }
        let runtime = Runtime::new().expect("a runtime can be started");
        let suite = Suite {
            only: Vec::new(),
            rounds: 1,
            seconds: self.seconds + 2,
            messages: self.messages,
            alone: true,
            out: None,
        };
        let full = |server, begins: &mut dyn FnMut(u32)| _ = accept(&suite, &runtime, server, Pace::Closed, (1, 100), begins);
        let paths: [(&str, Samples); 5] = [
            (
                "accept, on disk",
                self.sampled(Duration::from_secs(1), |begins| full(Server::Durable, begins)),
            ),
            (
                "accept, in memory",
                self.sampled(Duration::from_secs(1), |begins| full(Server::InMemory, begins)),
            ),
            (
                "accept, TLS",
                self.sampled(Duration::from_secs(1), |begins| full(Server::Tls, begins)),
            ),
            (
                "full path",
                self.sampled(Duration::from_secs(1), |begins| {
                    _ = full_path(self.messages, &runtime, begins);
                }),
            ),
            (
                "delivery",
                self.sampled(Duration::ZERO, |begins| _ = runtime.block_on(deliver(self.messages, begins))),
            ),
        ];
        println!("{}", rooms(&paths));
        for (name, samples) in &paths {
            println!("{name}, functions by themselves:\n{}", samples.functions());
        }
        ExitCode::SUCCESS
    }

    /// Samples the process that the load is on, from so long after it has begun.
    fn sampled(&self, after: Duration, load: impl FnOnce(&mut dyn FnMut(u32))) -> Samples {
        let folder = TempDir::new().expect("there is room for samples");
        let file = folder.path().join("perf.data");
        let mut perf = None;
        load(&mut |pid: u32| {
            let mut record = Command::new("perf");
            record.args([
                "record",
                "--quiet",
                "-F",
                "499",
                "--call-graph",
                "dwarf,16384",
                "-p",
                &pid.to_string(),
                "-o",
            ]);
            record.arg(&file).args(["--", "sleep", &self.seconds.to_string()]);
            perf = Some(thread::spawn(move || {
                thread::sleep(after);
                record.stdout(Stdio::null()).stderr(Stdio::null()).status()
            }));
        });
        let recorded = perf
            .expect("the load has begun")
            .join()
            .expect("it waits for perf and no more");
        // It may say that the process has ended before it did: what it has sampled is there.
        recorded.expect("perf can be started");
        let script = Command::new("perf")
            .args(["script", "--no-inline", "-F", "ip,sym,dso", "-i"])
            .arg(&file)
            .stderr(Stdio::null())
            .output();
        Samples::read(&String::from_utf8_lossy(&script.expect("perf can be started").stdout))
    }
}

/// Stacks, counted.
#[derive(Default)]
struct Samples {
    all: f64,
    rooms: BTreeMap<&'static str, f64>,
    functions: BTreeMap<String, f64>,
}

impl Samples {
    /// Stacks as `perf script` writes them: a line a frame, innermost first, and an empty line.
    fn read(script: &str) -> Self {
        let mut samples = Self::default();
        for stack in script.split("\n\n") {
            let frames: Vec<&str> = stack
                .lines()
                .filter_map(|line| line.trim().split_once(' '))
                .map(|(_, name)| name)
                .collect();
            let Some(innermost) = frames.first() else { continue };
            samples.all += 1.0;
            *samples.rooms.entry(room(&frames)).or_default() += 1.0;
            *samples.functions.entry(function(innermost)).or_default() += 1.0;
        }
        samples
    }

    fn share(&self, count: f64) -> f64 {
        100.0 * count / self.all.max(1.0)
    }

    fn functions(&self) -> String {
        let mut most: Vec<_> = self.functions.iter().collect();
        most.sort_by(|one, other| other.1.total_cmp(one.1));
        most.iter().take(FUNCTIONS).fold(String::new(), |mut text, (name, count)| {
            let _ = writeln!(text, "  {:5.1} %  {name}", self.share(**count));
            text
        })
    }
}

fn room(frames: &[&str]) -> &'static str {
    let is_kernel = frames[0].contains("[kernel") || frames[0].contains("([k");
    let rooms: &[(&str, &[&str])] = if is_kernel { &KERNEL } else { &ROOMS };
    frames
        .iter()
        .find_map(|frame| rooms.iter().find(|(_, names)| names.iter().any(|name| frame.contains(name))))
        .map_or(ELSE, |(room, _)| *room)
}

/// Its name without the hash of its build and the file that it is in.
fn function(frame: &str) -> String {
    let name = frame.rsplit_once(" (").map_or(frame, |(name, _)| name);
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name.to_owned(),
        _ => name.to_owned(),
    }
}

fn rooms(paths: &[(&str, Samples)]) -> String {
    let heads: Vec<&str> = ["share of the processor time, %"]
        .into_iter()
        .chain(paths.iter().map(|(name, _)| *name))
        .collect();
    let mut table = Table::new(
        "Where the processor time of the gateway goes; perf, 499 stacks a second, counted by the innermost frame that has a room.",
        &heads,
    );
    let names = ROOMS.iter().chain(&KERNEL).map(|(name, _)| *name).chain([ELSE]);
    for name in names {
        let share = |samples: &Samples| samples.share(samples.rooms.get(name).copied().unwrap_or_default());
        let cells: Vec<String> = [name.to_owned()]
            .into_iter()
            .chain(paths.iter().map(|(_, samples)| format!("{:.1}", share(samples))))
            .collect();
        table.row(&cells);
    }
    table.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_counted_where_its_innermost_known_function_is() {
        let script = "\n 55 memcpy (/lib/libc.so.6)\n 66 edgebind_ledger::embedded::row::write::h0123456789abcdef (/bin/edgebind)\n 77 tokio::run (/bin/edgebind)\n\n \
                      ffff tcp_sendmsg ([kernel.kallsyms])\n 88 edgebind::smpp::driver (/bin/edgebind)\n\n";
        let samples = Samples::read(script);
        assert_eq!((samples.rooms["ledger"], samples.rooms["kernel: network"]), (1.0, 1.0));
        assert_eq!(samples.functions["memcpy"], 1.0);
        assert_eq!(function("a::b::h0123456789abcdef (/bin/x)"), "a::b");
    }
}
