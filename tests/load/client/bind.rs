//! One bind, from its bind request to its unbind, and again when all drop their connections.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use edgebind_smpp::{
    self as smpp, CommandId, CommandStatus, Header, Pdu, Tag, decode, encode, encode_header_only, frame, receipt,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::mix::Frames;
use super::stream::Stream;
use super::{Pace, Role, Run};

/// What is read at once.
const INPUT_OCTETS: usize = 128 << 10;

const FRAME_OCTETS_MAX: usize = 65_536;

/// What a slow reader reads at once.
const SIP_OCTETS: usize = 512;

/// How long an answer may take after the last message was sent; what has none then is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two tries to bind after a connection was dropped: the server may still think that the old bind is there.
const BIND_AGAIN: Duration = Duration::from_millis(20);

/// Where the numbers of submit_sm begin anew (SMPP 3.4 §3.2: up to 0x7fffffff).
const SEQUENCE_MAX: u32 = 0x7fff_0000;

/// Why a load could not begin.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) struct Bind {
    run: Arc<Run>,
    account: usize,
    index: usize,
    stream: Stream,
    frames: Frames,
    /// When the submit_sm in each place of the window was due, if it has no answer; sequence_number modulo the window names the place.
    places: Vec<Option<Instant>>,
    /// The next sequence_number of each place.
    numbers: Vec<u32>,
    /// Places without a submit_sm.
    free: Vec<u32>,
    input: Vec<u8>,
    held: usize,
    out: Vec<u8>,
}

/// Why a bind has ended.
enum End {
    /// It was told to stop.
    Stopped,
    /// All drop their connections.
    Storm,
    /// The server has closed.
    Closed,
}

impl Bind {
    pub(super) async fn open(run: Arc<Run>, account: usize, index: usize) -> Result<Self, Failure> {
        let stream = connected(&run, account).await?;
        let window = run.plan.window;
        Ok(Self {
            stream,
            frames: Frames::new(&run.plan.mix, run.plan.receipts, index),
            places: vec![None; window as usize],
            numbers: (window..2 * window).collect(),
            free: (0..window).rev().collect(),
            // Ten thousand binds that are silent need no room to read.
            input: vec![0; if run.plan.pace == Pace::Silent { 4096 } else { INPUT_OCTETS }],
            held: 0,
            out: Vec::new(),
            run,
            account,
            index,
        })
    }

    pub(super) async fn live(mut self, began: Instant, mut stopped: watch::Receiver<bool>) {
        let count = self.run.plan.accounts.len() * self.run.plan.binds;
        let mut schedule = match self.run.plan.pace {
            Pace::Open(rate) => {
                let every = Duration::from_secs_f64(count as f64 / rate);
                Some((every, began + every.mul_f64(self.index as f64 / count as f64)))
            }
            Pace::Closed | Pace::Silent => None,
        };
        let mut storms = self.run.storm.subscribe();
        loop {
            let end = self.load(&mut schedule, &mut stopped, &mut storms).await;
            let open = self.places.iter().flatten().count() as u64;
            if matches!(end, End::Stopped) {
                self.finish().await;
                return;
            }
            self.run.tally.lock().cut(open, matches!(end, End::Closed));
            self.run.open.fetch_sub(open, Ordering::Relaxed);
            if matches!(end, End::Closed) || !self.again(&stopped).await {
                return;
            }
        }
    }

    /// Until something ends it.
    async fn load(
        &mut self,
        schedule: &mut Option<(Duration, Instant)>,
        stopped: &mut watch::Receiver<bool>,
        storms: &mut watch::Receiver<u64>,
    ) -> End {
        let slow = self.run.plan.slow.filter(|slow| self.index < slow.binds);
        loop {
            self.submit(schedule);
            if !self.out.is_empty() {
                let written = self.stream.write_all(&self.out).await;
                self.out.clear();
                if written.is_err() {
                    return End::Closed;
                }
            }
            let due = schedule
                .map(|(_, due)| due)
                .filter(|_| !self.free.is_empty() && !self.is_over());
            let input = match slow {
                None => &mut self.input[self.held..],
                Some(_) => &mut self.input[self.held..][..SIP_OCTETS],
            };
            let read = async {
                if let Some(slow) = slow {
                    sleep(slow.pause).await;
                }
                self.stream.read(input).await
            };
            tokio::select! {
                biased;
                read = read => match read {
                    Ok(0) | Err(_) => return End::Closed,
                    Ok(octets) => {
                        self.held += octets;
                        self.take();
                    }
                },
                _ = stopped.changed() => return End::Stopped,
                _ = storms.changed() => return End::Storm,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    fn is_over(&self) -> bool {
        self.run.is_over.load(Ordering::Relaxed)
    }

    /// Writes the submit_sm that are due.
    fn submit(&mut self, schedule: &mut Option<(Duration, Instant)>) {
        if self.is_over() || self.run.plan.pace == Pace::Silent {
            return;
        }
        let now = Instant::now();
        while let Some(place) = self.free.pop() {
            let due = match schedule {
                None => now,
                Some((_, due)) if *due > now => {
                    self.free.push(place);
                    return;
                }
                Some((every, due)) => {
                    let this = *due;
                    *due += *every;
                    this
                }
            };
            let take = |left: u64| left.checked_sub(1);
            if self
                .run
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .is_err()
            {
                self.free.push(place);
                return;
            }
            let number = &mut self.numbers[place as usize];
            self.frames.write(*number, &mut self.out);
            *number = if *number < SEQUENCE_MAX {
                *number + self.run.plan.window
            } else {
                place + self.run.plan.window
            };
            self.places[place as usize] = Some(due);
            self.run.open.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reads the frames that are whole.
    fn take(&mut self) {
        let (now, mut at) = (Instant::now(), 0);
        let run = self.run.clone();
        let mut written = run.tally.lock();
        while let Some(length) = frame::split(&self.input[at..self.held], FRAME_OCTETS_MAX).expect("the server keeps in step") {
            let frame = &self.input[at..at + length];
            let header = Header::read(frame).expect("the frame is whole");
            at += length;
            match header.command_id {
                CommandId::SUBMIT_SM_RESP => {
                    let place = header.sequence_number % run.plan.window;
                    let due = self.places[place as usize].take();
                    let due = due.unwrap_or_else(|| panic!("a second answer to submit_sm {}", header.sequence_number));
                    self.free.push(place);
                    run.open.fetch_sub(1, Ordering::Relaxed);
                    written.answered(header.command_status, due, now);
                    if run.plan.receipts && header.command_status == CommandStatus::ROK {
                        let id = frame[frame::HEADER_LEN..].split(|octet| *octet == 0).next();
                        written.awaits(id.unwrap_or_default(), due);
                    }
                }
                CommandId::DELIVER_SM => {
                    written.delivered();
                    if run.plan.receipts
                        && let Some(id) = receipted(frame)
                    {
                        written.receipt(&id, now);
                    }
                    let answer = Pdu::DeliverSmResp(smpp::MessageIdResp { message_id: b"" });
                    encode(&mut self.out, CommandStatus::ROK, header.sequence_number, &answer).expect("it fits");
                }
                CommandId::ENQUIRE_LINK => {
                    let answer = CommandId::ENQUIRE_LINK_RESP;
                    encode_header_only(&mut self.out, answer, CommandStatus::ROK, header.sequence_number);
                }
                CommandId::UNBIND => {
                    let answer = CommandId::UNBIND_RESP;
                    encode_header_only(&mut self.out, answer, CommandStatus::ROK, header.sequence_number);
                }
                CommandId::UNBIND_RESP => {}
                other => panic!("a load client does not expect {other}"),
            }
        }
        drop(written);
        self.input.copy_within(at..self.held, 0);
        self.held -= at;
    }

    /// Waits for what is open, and unbinds.
    async fn finish(&mut self) {
        let all_answered = async {
            while self.places.iter().any(Option::is_some) {
                match self.stream.read(&mut self.input[self.held..]).await {
                    Ok(0) | Err(_) => return true,
                    Ok(octets) => self.held += octets,
                }
                self.take();
                if self.stream.write_all(&self.out).await.is_err() {
                    return true;
                }
                self.out.clear();
            }
            false
        };
        let is_cut = timeout(PATIENCE, all_answered).await.unwrap_or_default();
        let open = self.places.iter().flatten().count() as u64;
        let mut unbind = Vec::new();
        encode_header_only(&mut unbind, CommandId::UNBIND, CommandStatus::ROK, 1);
        // A server that does not read any more is no reason to stay.
        let _ = timeout(PATIENCE, self.stream.write_all(&unbind)).await;
        self.run.tally.lock().cut(open, is_cut);
    }

    /// Binds anew, as often as it takes; false when it is over.
    async fn again(&mut self, stopped: &watch::Receiver<bool>) -> bool {
        let window = self.run.plan.window;
        self.places.fill(None);
        self.free = (0..window).rev().collect();
        self.held = 0;
        self.out.clear();
        loop {
            if *stopped.borrow() {
                return false;
            }
            match connected(&self.run, self.account).await {
                Ok(stream) => {
                    self.stream = stream;
                    return true;
                }
                Err(_) => sleep(BIND_AGAIN).await,
            }
        }
    }
}

async fn connected(run: &Run, account: usize) -> Result<Stream, Failure> {
    let (address, began) = (run.plan.address, Instant::now());
    let cannot = |why: std::io::Error| {
        Failure(format!(
            "{address} cannot be reached: {why}; is the server up, and does it speak TLS where it is asked to?"
        ))
    };
    let mut stream = Stream::connect(&run.plan).await.map_err(cannot)?;
    let (system_id, password) = &run.plan.accounts[account];
    let request = bind_request(run.plan.role, system_id, password)?;
    stream.write_all(&request).await.map_err(cannot)?;
    // No octet more than the answer: what follows it is the server's first deliver_sm.
    let answer = async {
        let mut header = [0; frame::HEADER_LEN];
        whole(&mut stream, &mut header).await?;
        let answer = Header::read(&header).expect("the header is whole");
        let mut body = vec![0; (answer.command_length as usize).clamp(header.len(), FRAME_OCTETS_MAX) - header.len()];
        whole(&mut stream, &mut body).await?;
        Ok(answer.command_status)
    };
    let answer = timeout(PATIENCE, answer)
        .await
        .map_err(|_| Failure(format!("{address} does not answer the bind request")))?;
    let status = answer.map_err(cannot)?;
    if status != CommandStatus::ROK {
        return Err(Failure(format!("the bind of {system_id} was refused with {status}")));
    }
    run.tally.lock().bound(began.elapsed());
    Ok(stream)
}

/// The frame that asks for a bind.
pub(crate) fn bind_request(role: Role, system_id: &str, password: &str) -> Result<Vec<u8>, Failure> {
    let bind = smpp::Bind {
        system_id: system_id.as_bytes(),
        password: password.as_bytes(),
        interface_version: 0x34,
        ..smpp::Bind::default()
    };
    let request = match role {
        Role::Transmitter => Pdu::BindTransmitter(bind),
        Role::Receiver => Pdu::BindReceiver(bind),
        Role::Transceiver => Pdu::BindTransceiver(bind),
    };
    let mut out = Vec::new();
    match encode(&mut out, CommandStatus::ROK, 1, &request) {
        Ok(_) => Ok(out),
        Err(why) => Err(Failure(format!("no bind request can say this system_id and password: {why}"))),
    }
}

async fn whole(stream: &mut Stream, into: &mut [u8]) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < into.len() {
        match stream.read(&mut into[filled..]).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            octets => filled += octets,
        }
    }
    Ok(())
}

/// The id of the message that this deliver_sm is a receipt for.
fn receipted(frame: &[u8]) -> Option<Vec<u8>> {
    let Ok((_, Pdu::DeliverSm(message))) = decode(frame) else {
        return None;
    };
    let tlv = message.tlvs.get(Tag::RECEIPTED_MESSAGE_ID);
    let named = tlv.map(|tlv| tlv.value.strip_suffix(b"\0").unwrap_or(tlv.value).to_owned());
    named.or_else(|| receipt::parse(message.short_message).map(|reading| reading.id.to_vec()))
}
