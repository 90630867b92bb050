//! The closed loop: one thread a bind, plain blocking sockets, one write for all that one read has answered.

use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use edgebind_smpp::{CommandId, CommandStatus, Header, encode_header_only, frame};
use hdrhistogram::Histogram;
use serde_json::json;

use crate::frames;
use crate::process::cpu_time;

/// Latencies up to a minute, in microseconds, three digits of them.
const LATENCY_US_MAX: u64 = 60_000_000;

/// A response is small; this is generous.
const FRAME_OCTETS_MAX: usize = 65_536;

/// What to do to whom.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) system_id: String,
    pub(crate) password: String,
    pub(crate) binds: u32,
    pub(crate) window: u32,
    pub(crate) warmup: Duration,
    pub(crate) time: Duration,
    /// Of all binds together, warm-up included.
    pub(crate) count: Option<u64>,
    pub(crate) pid: Option<u32>,
}

/// What came of it, warm-up not counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) time: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) cpu: Option<Duration>,
}

impl Figures {
    /// submit_sm answered with ROK, in a second.
    pub(crate) fn rate(&self) -> f64 {
        per(self.accepted, self.time)
    }

    /// Processor microseconds of the server for one accepted message.
    pub(crate) fn cpu_us(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.accepted as f64)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        json!({
            "accepted": self.accepted,
            "refused": self.refused,
            "seconds": self.time.as_secs_f64(),
            "per_second": self.rate(),
            "p50_us": self.p50.as_micros(),
            "p99_us": self.p99.as_micros(),
            "cpu_us_per_message": self.cpu_us(),
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            refused,
            time,
            p50,
            p99,
            ..
        } = self;
        write!(
            f,
            "{:.0} submit_sm/s ({accepted} accepted, {refused} refused in {time:.1?}), p50 {p50:?}, p99 {p99:?}",
            self.rate()
        )?;
        self.cpu_us()
            .map_or(Ok(()), |cpu| write!(f, ", {cpu:.1} us of the server's processor time each"))
    }
}

/// A count for each second.
pub(crate) fn per(count: u64, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    let count = count as f64;
    count / time.as_secs_f64()
}

/// What the threads of one run share.
struct Run {
    measuring: AtomicBool,
    over: AtomicBool,
    /// submit_sm that may still be sent.
    left: AtomicU64,
}

/// Binds, warms up, measures, unbinds.
pub(crate) fn run(plan: &Plan) -> Figures {
    let shared = Run {
        measuring: AtomicBool::new(plan.warmup.is_zero()),
        over: AtomicBool::new(false),
        left: AtomicU64::new(plan.count.unwrap_or(u64::MAX)),
    };
    thread::scope(|scope| {
        let connections: Vec<_> = (0..plan.binds).map(|_| Connection::bind(plan)).collect();
        let cpu = || plan.pid.map(cpu_time);
        let mut started = (Instant::now(), cpu());
        let binds: Vec<_> = connections
            .into_iter()
            .map(|bind| scope.spawn(|| bind.load(&shared)))
            .collect();
        let is_done = || binds.iter().all(thread::ScopedJoinHandle::is_finished);
        if !plan.warmup.is_zero() {
            rest(plan.warmup, is_done);
            started = (Instant::now(), cpu());
            shared.measuring.store(true, Ordering::Relaxed);
        }
        rest(plan.time, is_done);
        let time = started.0.elapsed();
        let cpu = cpu().zip(started.1).map(|(now, then)| now.saturating_sub(then));
        shared.measuring.store(false, Ordering::Relaxed);
        shared.over.store(true, Ordering::Relaxed);

        let mut latency = latencies();
        let (mut accepted, mut refused) = (0, 0);
        for bind in binds {
            let measured = bind.join().expect("a bind of the load client has failed, see above");
            latency.add(measured.latency).expect("all histograms have the same bounds");
            accepted += measured.accepted;
            refused += measured.refused;
        }
        let quantile = |quantile| Duration::from_micros(latency.value_at_quantile(quantile));
        Figures {
            accepted,
            refused,
            time,
            p50: quantile(0.5),
            p99: quantile(0.99),
            cpu,
        }
    })
}

/// Sleeps until `time` is over or there is nothing left to wait for.
fn rest(time: Duration, is_done: impl Fn() -> bool) {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline && !is_done() {
        thread::sleep(Duration::from_millis(5).min(deadline - Instant::now()));
    }
}

fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are in order")
}

struct Measured {
    latency: Histogram<u64>,
    accepted: u64,
    refused: u64,
}

/// One bound transmitter.
struct Connection {
    stream: TcpStream,
    /// When the submit_sm in each place of the window was sent; sequence_number modulo the window names the place.
    sent: Vec<Instant>,
    submit: Vec<u8>,
}

impl Connection {
    fn bind(plan: &Plan) -> Self {
        let mut stream = TcpStream::connect(plan.address).expect("the server takes connections");
        stream.set_nodelay(true).expect("TCP_NODELAY can be set");
        stream
            .write_all(&frames::bind_transmitter(&plan.system_id, &plan.password))
            .expect("the server reads");
        let mut header = [0; frame::HEADER_LEN];
        stream.read_exact(&mut header).expect("the server answers the bind request");
        let answer = Header::read(&header).expect("the header is whole");
        assert_eq!(answer.command_status, CommandStatus::ROK, "the bind was refused");
        let mut body = vec![0; answer.command_length as usize - header.len()];
        stream.read_exact(&mut body).expect("the server completes its answer");

        Self {
            stream,
            sent: vec![Instant::now(); plan.window as usize],
            submit: frames::submit_sm(),
        }
    }

    /// Keeps the window full until the run is over, then waits for what is open and unbinds.
    fn load(mut self, run: &Run) -> Measured {
        let mut measured = Measured {
            latency: latencies(),
            accepted: 0,
            refused: 0,
        };
        let window = u32::try_from(self.sent.len()).expect("the window was a u32");
        let mut out = Vec::new();
        let mut open = 0;
        for place in 0..window {
            // sequence_number begins at 1 (SMPP 3.4 §3.2).
            open += u32::from(self.submit(window + place, &mut out, run));
        }
        self.stream.write_all(&out).expect("the server reads");
        let mut input = vec![0; 2 * FRAME_OCTETS_MAX];
        let mut held = 0;
        while open > 0 {
            held += match self.stream.read(&mut input[held..]).expect("the server keeps the connection") {
                0 => panic!("the server has closed the connection with {open} submit_sm unanswered"),
                octets => octets,
            };
            let now = Instant::now();
            let mut at = 0;
            out.clear();
            while let Some(length) = frame::split(&input[at..held], FRAME_OCTETS_MAX).expect("the server keeps in step") {
                let header = Header::read(&input[at..]).expect("the frame is whole");
                at += length;
                match header.command_id {
                    CommandId::SUBMIT_SM_RESP => {
                        let place = header.sequence_number % window;
                        if run.measuring.load(Ordering::Relaxed) {
                            let us = now.duration_since(self.sent[place as usize]).as_micros();
                            measured
                                .latency
                                .saturating_record(u64::try_from(us).unwrap_or(LATENCY_US_MAX));
                            let is_taken = header.command_status == CommandStatus::ROK;
                            measured.accepted += u64::from(is_taken);
                            measured.refused += u64::from(!is_taken);
                        }
                        // The number in this place rises by the window each time, so it is never used twice at once.
                        if !self.submit(header.sequence_number + window, &mut out, run) {
                            open -= 1;
                        }
                    }
                    CommandId::ENQUIRE_LINK => {
                        encode_header_only(
                            &mut out,
                            CommandId::ENQUIRE_LINK_RESP,
                            CommandStatus::ROK,
                            header.sequence_number,
                        );
                    }
                    other => panic!("a transmitter does not expect {other}"),
                }
            }
            input.copy_within(at..held, 0);
            held -= at;
            self.stream.write_all(&out).expect("the server reads");
        }
        self.stream.write_all(&frames::unbind()).expect("the server reads");
        measured
    }

    /// Appends a submit_sm with this sequence_number, unless the run is over.
    fn submit(&mut self, sequence_number: u32, out: &mut Vec<u8>, run: &Run) -> bool {
        let take = |left: u64| left.checked_sub(1);
        if run.over.load(Ordering::Relaxed) || run.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return false;
        }
        let start = out.len();
        out.extend_from_slice(&self.submit);
        frames::number(&mut out[start..], sequence_number);
        let place = sequence_number as usize % self.sent.len();
        self.sent[place] = Instant::now();
        true
    }
}
