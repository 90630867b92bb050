//! The open loop: many binds that together send so many submit_sm a second, whatever the server does. A latency counts from the
//! moment at which its message was due, so that a server which stands still is seen to stand still for all that came meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use edgebind_smpp::{CommandId, CommandStatus, Header, encode_header_only, frame};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::frames;

/// Latencies up to a minute, in microseconds, three digits of them.
const LATENCY_US_MAX: u64 = 60_000_000;

const FRAME_OCTETS_MAX: usize = 4_096;

/// How long an answer may take after the last message was sent; what has none then is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who sends how much.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    /// Each as often as `binds` says.
    pub(crate) accounts: Vec<(String, String)>,
    /// Connections of each account.
    pub(crate) binds: usize,
    /// submit_sm a second, of all binds together; 0 to be bound and silent.
    pub(crate) rate: u32,
}

/// What came of it.
#[derive(Clone)]
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    /// Answered with an error, by its command_status.
    pub(crate) refused: HashMap<u32, u64>,
    /// Without an answer.
    pub(crate) lost: u64,
    /// Binds that the server ended.
    pub(crate) ended: u64,
    pub(crate) latency: Histogram<u64>,
}

impl Figures {
    fn none() -> Self {
        Self {
            accepted: 0,
            refused: HashMap::new(),
            lost: 0,
            ended: 0,
            latency: Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are in order"),
        }
    }

    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.lost += other.lost;
        self.ended += other.ended;
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
        self.latency.add(&other.latency).expect("all histograms have the same bounds");
    }

    /// In milliseconds.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.latency.value_at_quantile(quantile)).as_secs_f64() * 1e3
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} refused, {} lost, {} binds ended; p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
            self.accepted,
            self.refusals(),
            self.lost,
            self.ended,
            self.quantile_ms(0.5),
            self.quantile_ms(0.99),
            self.quantile_ms(1.0),
        )
    }
}

/// Binds that send until they are told to stop.
pub(crate) struct Load {
    binds: JoinSet<Figures>,
    stop: watch::Sender<bool>,
}

impl Load {
    /// Binds them all, then lets them begin.
    pub(crate) async fn start(plan: &Plan) -> Self {
        let (stop, stopped) = watch::channel(false);
        let count = plan.accounts.len() * plan.binds;
        let every = (plan.rate > 0).then(|| Duration::from_secs_f64(count as f64 / f64::from(plan.rate)));
        let mut open = Vec::with_capacity(count);
        for _ in 0..plan.binds {
            for (system_id, password) in &plan.accounts {
                open.push(bound(plan.address, system_id, password).await);
            }
        }
        let (mut binds, began) = (JoinSet::new(), Instant::now());
        for (index, stream) in open.into_iter().enumerate() {
            let first = every.map(|every| (every, began + every.mul_f64(index as f64 / count as f64)));
            binds.spawn(send(stream, first, stopped.clone()));
        }
        Self { binds, stop }
    }

    /// Sends no more, waits for what has no answer yet, unbinds.
    pub(crate) async fn stop(mut self) -> Figures {
        self.stop.send_replace(true);
        let mut all = Figures::none();
        while let Some(bind) = self.binds.join_next().await {
            all.add(&bind.expect("a bind of the load client has failed, see above"));
        }
        all
    }
}

async fn bound(address: SocketAddr, system_id: &str, password: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server takes connections");
    stream.set_nodelay(true).expect("TCP_NODELAY can be set");
    stream
        .write_all(&frames::bind_transmitter(system_id, password))
        .await
        .expect("the server reads");
    let mut header = [0; frame::HEADER_LEN];
    stream
        .read_exact(&mut header)
        .await
        .expect("the server answers the bind request");
    let answer = Header::read(&header).expect("the header is whole");
    assert_eq!(answer.command_status, CommandStatus::ROK, "the bind was refused");
    let mut body = vec![0; answer.command_length as usize - header.len()];
    stream.read_exact(&mut body).await.expect("the server completes its answer");
    stream
}

/// One bind: sends when a message is due, counts what is answered.
async fn send(stream: TcpStream, first: Option<(Duration, Instant)>, mut stopped: watch::Receiver<bool>) -> Figures {
    let (read, mut write) = stream.into_split();
    let due = Arc::new(std::sync::Mutex::new(HashMap::new()));
    let (answers, answered) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(read_answers(read, due.clone(), answers));
    let (template, mut sequence) = (frames::submit_sm(), 1);
    let mut answered = answered;
    let mut next = first.map(|(_, at)| at);
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            Some(reply) = answered.recv() => if write.write_all(&reply).await.is_err() { break },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                let (Some(at), Some((every, _))) = (next, first) else { continue };
                sequence += 1;
                due.lock().expect("nobody panics with it").insert(sequence, at);
                if submit(&mut write, &template, sequence).await.is_err() {
                    break;
                }
                next = Some(at + every);
            }
        }
    }
    let all_answered = async {
        while !due.lock().expect("nobody panics with it").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = timeout(PATIENCE, all_answered).await;
    // Before we say unbind: the server closes after that.
    let is_cut = reading.is_finished();
    let _ = write.write_all(&frames::unbind()).await;
    let mut figures = timeout(PATIENCE, reading)
        .await
        .map_or_else(|_| Figures::none(), |read| read.expect("the reader does not panic"));
    figures.lost = due.lock().expect("nobody panics with it").len() as u64;
    figures.ended = u64::from(is_cut);
    figures
}

async fn submit(write: &mut OwnedWriteHalf, template: &[u8], sequence: u32) -> std::io::Result<()> {
    let mut submit = template.to_vec();
    frames::number(&mut submit, sequence);
    write.write_all(&submit).await
}

type Due = Arc<std::sync::Mutex<HashMap<u32, Instant>>>;

async fn read_answers(mut read: OwnedReadHalf, due: Due, replies: tokio::sync::mpsc::UnboundedSender<Vec<u8>>) -> Figures {
    let mut figures = Figures::none();
    let (mut input, mut held) = (vec![0; 2 * FRAME_OCTETS_MAX], 0);
    loop {
        held += match read.read(&mut input[held..]).await {
            Ok(0) | Err(_) => return figures,
            Ok(octets) => octets,
        };
        let (now, mut at) = (Instant::now(), 0);
        while let Some(length) = frame::split(&input[at..held], FRAME_OCTETS_MAX).expect("the server keeps in step") {
            let header = Header::read(&input[at..]).expect("the frame is whole");
            at += length;
            match header.command_id {
                CommandId::SUBMIT_SM_RESP => {
                    let asked = due.lock().expect("nobody panics with it").remove(&header.sequence_number);
                    let Some(asked) = asked else {
                        panic!("a second answer to submit_sm {}", header.sequence_number);
                    };
                    if header.command_status == CommandStatus::ROK {
                        figures.accepted += 1;
                    } else {
                        *figures.refused.entry(header.command_status.0).or_default() += 1;
                    }
                    let us = u64::try_from(now.duration_since(asked).as_micros()).unwrap_or(LATENCY_US_MAX);
                    figures.latency.saturating_record(us);
                }
                CommandId::ENQUIRE_LINK => {
                    let mut reply = Vec::new();
                    encode_header_only(
                        &mut reply,
                        CommandId::ENQUIRE_LINK_RESP,
                        CommandStatus::ROK,
                        header.sequence_number,
                    );
                    let _ = replies.send(reply);
                }
                _ => {}
            }
        }
        input.copy_within(at..held, 0);
        held -= at;
    }
}
