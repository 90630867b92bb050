//! What came of a run, as all its binds write it down.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use edgebind_smpp::CommandStatus;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Latencies up to ten minutes, in microseconds, three digits of them.
const LATENCY_US_MAX: u64 = 600_000_000;

/// What is shown of a histogram.
const QUANTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("max", 1.0),
];

/// One for all binds of a run. They lock it once for all that one read has brought.
#[derive(Default)]
pub(super) struct Tally(Mutex<Written>);

/// What is written down.
#[derive(Clone, Default)]
pub(super) struct Written {
    accepted: u64,
    refused: BTreeMap<u32, u64>,
    lost: u64,
    ended: u64,
    delivered: u64,
    receipts: u64,
    latency: Latencies,
    bind_latency: Latencies,
    receipt_latency: Latencies,
    /// Accepted messages whose receipts are awaited: when they were due, by message_id.
    awaited: HashMap<Vec<u8>, Instant>,
    /// Receipts that came before the answer to their message.
    early: HashMap<Vec<u8>, Instant>,
}

impl Tally {
    pub(super) fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().expect("nobody panics with it")
    }

    /// Receipts that are still to come.
    pub(super) fn awaited(&self) -> usize {
        self.lock().awaited.len()
    }

    /// Begins anew, but for the binds that there are, and the receipts that are to come.
    pub(super) fn forget(&self) {
        let mut written = self.lock();
        *written = Written {
            awaited: std::mem::take(&mut written.awaited),
            early: std::mem::take(&mut written.early),
            bind_latency: written.bind_latency.clone(),
            ..Written::default()
        };
    }

    pub(super) fn figures(&self, time: Duration) -> Figures {
        let written = self.lock();
        Figures {
            time,
            accepted: written.accepted,
            refused: written.refused.clone(),
            lost: written.lost,
            ended: written.ended,
            delivered: written.delivered,
            receipts: written.receipts,
            receipts_missing: written.awaited.len() as u64,
            latency: written.latency.clone(),
            bind_latency: written.bind_latency.clone(),
            receipt_latency: written.receipt_latency.clone(),
            cpu: None,
        }
    }
}

impl Written {
    pub(super) fn answered(&mut self, status: CommandStatus, due: Instant, now: Instant) {
        if status == CommandStatus::ROK {
            self.accepted += 1;
        } else {
            *self.refused.entry(status.0).or_default() += 1;
        }
        self.latency.record(now - due);
    }

    /// A message was accepted that will have a receipt.
    pub(super) fn awaits(&mut self, id: &[u8], due: Instant) {
        match self.early.remove(id) {
            Some(came) => self.receipt_latency.record(came.saturating_duration_since(due)),
            None => _ = self.awaited.insert(id.to_owned(), due),
        }
    }

    /// A receipt came.
    pub(super) fn receipt(&mut self, id: &[u8], now: Instant) {
        self.receipts += 1;
        match self.awaited.remove(id) {
            Some(due) => self.receipt_latency.record(now.saturating_duration_since(due)),
            None => _ = self.early.insert(id.to_owned(), now),
        }
    }

    pub(super) fn delivered(&mut self) {
        self.delivered += 1;
    }

    pub(super) fn bound(&mut self, took: Duration) {
        self.bind_latency.record(took);
    }

    /// A connection has ended with so many submit_sm unanswered.
    pub(super) fn cut(&mut self, open: u64, by_server: bool) {
        self.lost += open;
        self.ended += u64::from(by_server);
    }
}

/// A histogram of times.
#[derive(Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are in order"))
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, time: Duration) {
        self.0
            .saturating_record(u64::try_from(time.as_micros()).unwrap_or(LATENCY_US_MAX));
    }

    /// A quantile in milliseconds.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.0.value_at_quantile(quantile)).as_secs_f64() * 1e3
    }

    fn json(&self) -> Value {
        QUANTILES
            .iter()
            .map(|(name, quantile)| ((*name).to_owned(), json!(self.0.value_at_quantile(*quantile))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = QUANTILES
            .iter()
            .map(|(name, quantile)| format!("{name} {:.2} ms", self.ms(*quantile)))
            .collect();
        f.write_str(&shown.join(", "))
    }
}

/// What came of it.
#[derive(Clone)]
pub(crate) struct Figures {
    pub(crate) time: Duration,
    pub(crate) accepted: u64,
    /// Answered with an error, by its command_status.
    pub(crate) refused: BTreeMap<u32, u64>,
    /// submit_sm without an answer.
    pub(crate) lost: u64,
    /// Binds that the server ended.
    pub(crate) ended: u64,
    /// deliver_sm that came, receipts among them.
    pub(crate) delivered: u64,
    pub(crate) receipts: u64,
    /// Accepted, and without a receipt when it was asked for.
    pub(crate) receipts_missing: u64,
    pub(crate) latency: Latencies,
    pub(crate) bind_latency: Latencies,
    pub(crate) receipt_latency: Latencies,
    /// Of the server.
    pub(crate) cpu: Option<Duration>,
}

impl Figures {
    /// submit_sm answered with ROK, in a second.
    pub(crate) fn rate(&self) -> f64 {
        per(self.accepted, self.time)
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Processor microseconds of the server for one message, in or out.
    pub(crate) fn cpu_us(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
        let messages = self.accepted.max(self.delivered) as f64;
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / messages)
    }

    /// A line about what came since then.
    pub(super) fn since(&self, before: &Self) -> String {
        let time = self.time.saturating_sub(before.time);
        let mut line = format!("{:8.0} accepted/s", per(self.accepted - before.accepted, time));
        for (count, name) in [
            (self.refusals() - before.refusals(), "refused"),
            (self.delivered - before.delivered, "delivered"),
        ] {
            if count > 0 {
                let _ = write!(line, "  {:8.0} {name}/s", per(count, time));
            }
        }
        line
    }

    pub(crate) fn json(&self) -> Value {
        let refused: serde_json::Map<_, _> = self
            .refused
            .iter()
            .map(|(status, count)| (format!("0x{status:08x}"), json!(count)))
            .collect();
        json!({
            "seconds": self.time.as_secs_f64(),
            "accepted": self.accepted,
            "accepted_per_second": self.rate(),
            "refused": refused,
            "lost": self.lost,
            "binds_ended": self.ended,
            "delivered": self.delivered,
            "delivered_per_second": per(self.delivered, self.time),
            "receipts": self.receipts,
            "receipts_missing": self.receipts_missing,
            "latency_us": self.latency.json(),
            "bind_latency_us": self.bind_latency.json(),
            "receipt_latency_us": self.receipt_latency.json(),
            "server_cpu_us_per_message": self.cpu_us(),
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "submit_sm     {:.0}/s accepted: {} in {:.1?}; {} refused, {} without an answer",
            self.rate(),
            self.accepted,
            self.time,
            self.refusals(),
            self.lost,
        )?;
        for (status, count) in &self.refused {
            writeln!(f, "  {count} with 0x{status:08x}")?;
        }
        if self.accepted + self.refusals() > 0 {
            writeln!(f, "  answered    {}", self.latency)?;
        }
        writeln!(
            f,
            "deliver_sm    {:.0}/s: {}, of which {} receipts; {} receipts missing",
            per(self.delivered, self.time),
            self.delivered,
            self.receipts,
            self.receipts_missing,
        )?;
        if self.receipts > 0 {
            writeln!(f, "  receipts    {} after the submit_sm", self.receipt_latency)?;
        }
        write!(f, "binds         {}; {} ended by the server", self.bind_latency, self.ended)?;
        self.cpu_us().map_or(Ok(()), |cpu| {
            write!(f, "\nserver        {cpu:.1} us of processor time a message")
        })
    }
}

/// A count for each second.
pub(crate) fn per(count: u64, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    let count = count as f64;
    count / time.as_secs_f64()
}
