//! An ESME that writes down everything: submits at a pace of its own, answers what it is delivered as its temper says, and binds again
//! whenever it is cut off.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use edgebind_simulator::esme;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::check::NEVER;
use super::log::{Cut, Delivered, Said, Shared, Submitted, Whom, now};
use crate::config::{PASSWORD, SYSTEM_ID};
use crate::wire::{Delivery, Frame, Submit, answer, bind, id, pdu, status};

/// Nobody is there for so long after a connection has ended.
const BETWEEN_BINDS: Duration = Duration::from_millis(30);

/// How long a gateway that has just been started, or is about to be killed, may take to answer a bind request.
const BIND_ANSWER: Duration = Duration::from_secs(10);

/// ESME_RX_T_APPN and ESME_RMSGQFUL: come again.
const AGAIN: [u32; 2] = [0x64, status::RMSGQFUL];

/// What becomes of messages to a number that ends so, and what receipts say of that; as the simulator's phones do it unless told otherwise.
pub const FATES: [(&str, &[&str]); 7] = [
    ("00", &["DELIVRD"]),
    ("10", &["DELIVRD"]),
    ("20", &["DELIVRD"]),
    ("30", &["DELIVRD"]),
    ("40", &["DELIVRD"]),
    ("01", &["UNDELIV"]),
    ("04", &["UNDELIV"]),
];

/// What an ESME binds as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// bind_transmitter.
    Transmitter,
    /// bind_receiver.
    Receiver,
    /// bind_transceiver.
    Transceiver,
}

impl Kind {
    fn request(self) -> u32 {
        match self {
            Self::Transmitter => id::BIND_TRANSMITTER,
            Self::Receiver => id::BIND_RECEIVER,
            Self::Transceiver => id::BIND_TRANSCEIVER,
        }
    }
}

/// How an ESME takes what it is delivered; each field but `slow_most` is a share, 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Temper {
    /// Answered with "come again".
    pub again: f64,
    /// Answered with "never again".
    pub never: f64,
    /// Not answered.
    pub ignores: f64,
    /// Answered late.
    pub slow: f64,
    /// How late, at most.
    pub slow_most: Duration,
    /// The connection is closed instead.
    pub hangs_up: f64,
    /// Of its submit_sm, so many are followed by an unbind.
    pub unbinds: f64,
}

/// What an ESME is to do now.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// Where the gateway listens; none while it does not.
    pub address: Option<SocketAddr>,
    /// Submit messages.
    pub submits: bool,
    /// Take everything, whatever the temper says.
    pub calm: bool,
    /// Unbind, and that is all.
    pub over: bool,
}

/// One ESME.
pub struct Esme {
    /// What it is called in the log; texts begin with it.
    pub name: String,
    /// What it binds as.
    pub kind: Kind,
    /// submit_sm that may wait for their answers.
    pub window: usize,
    /// Between two submit_sm.
    pub pause: Duration,
    /// The fates of the numbers that it sends to: see [`FATES`].
    pub fates: &'static [(&'static str, &'static [&'static str])],
    /// validity_period of its messages.
    pub validity: &'static str,
    /// How it takes what it is delivered.
    pub temper: Temper,
    /// All its choices follow from it.
    pub seed: u64,
    /// Where it writes.
    pub log: Shared,
    /// What it is to do.
    pub stage: watch::Receiver<Stage>,
}

impl Esme {
    /// Lives until it is over.
    pub async fn live(self) {
        let mut life = Life {
            random: StdRng::seed_from_u64(self.seed),
            esme: self,
            messages: 0,
        };
        loop {
            let stage = *life.esme.stage.borrow_and_update();
            match stage.address {
                _ if stage.over => return,
                Some(address) => {
                    if life.bound(address).await {
                        let cut = Cut {
                            from: now(),
                            to: now(),
                            whom: Whom::Esme(life.esme.name.clone()),
                        };
                        life.esme.log.lock().cuts.push(cut);
                    }
                    sleep(BETWEEN_BINDS).await;
                }
                None => {
                    if life.esme.stage.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

struct Life {
    esme: Esme,
    random: StdRng,
    messages: u32,
}

/// What goes on in one connection.
#[derive(Default)]
struct Connection {
    sequence: u32,
    /// Places in the log of what was submitted and not answered yet.
    open: HashMap<u32, usize>,
    /// deliver_sm to be answered later: when, its sequence_number, its place in the log.
    slow: VecDeque<(Instant, u32, usize)>,
}

impl Life {
    /// One connection from its bind to its end; whether there was a bind.
    async fn bound(&mut self, address: SocketAddr) -> bool {
        let Ok(mut wire) = esme::Wire::connect(address).await else {
            return false;
        };
        let mut connection = Connection {
            sequence: 1,
            ..Connection::default()
        };
        if wire
            .send(&bind(self.esme.kind.request(), 1, SYSTEM_ID, PASSWORD))
            .await
            .is_err()
        {
            return false;
        }
        match wire.frame(BIND_ANSWER).await {
            Ok(Some(frame)) if frame.header.command_status.0 == status::ROK => {}
            _ => return false,
        }
        let mut next = Instant::now();
        loop {
            let stage = *self.esme.stage.borrow_and_update();
            if stage.over {
                self.unbind(&mut wire, &mut connection).await;
                return true;
            }
            let submits = stage.submits && self.esme.kind != Kind::Receiver && connection.open.len() < self.esme.window;
            let late = connection.slow.front().map(|(due, ..)| *due);
            let went_on = tokio::select! {
                changed = self.esme.stage.changed() => if changed.is_err() { return true } else { ControlFlow::Continue(()) },
                frame = wire.frame(Duration::from_secs(3_600)) => match frame {
                    Ok(Some(frame)) => self.heard(&mut wire, &mut connection, &read(&frame), stage.calm).await,
                    _ => ControlFlow::Break(()),
                },
                () = sleep_until(late.unwrap_or(next)), if late.is_some() => self.answer_late(&mut wire, &mut connection).await,
                () = sleep_until(next), if submits => {
                    next = Instant::now() + self.esme.pause;
                    self.submit(&mut wire, &mut connection).await
                }
            };
            if went_on.is_break() {
                return true;
            }
        }
    }

    async fn submit(&mut self, wire: &mut esme::Wire, connection: &mut Connection) -> ControlFlow<()> {
        connection.sequence += 1;
        self.messages += 1;
        let (ending, ends) = self.esme.fates[self.random.random_range(0..self.esme.fates.len())];
        let text = format!("{}-{}", self.esme.name, self.messages);
        let to = format!("4477009{:03}{ending}", self.random.random_range(0..20));
        let asks = self.random.random_bool(0.75);
        let submit = Submit {
            destination: &to,
            short_message: text.as_bytes(),
            registered_delivery: u8::from(asks),
            validity: self.esme.validity,
            ..Submit::default()
        };
        let octets = submit.pdu(connection.sequence);
        let place = {
            let mut log = self.esme.log.lock();
            log.submitted.push(Submitted {
                esme: self.esme.name.clone(),
                at: now(),
                text,
                to,
                asks,
                ends,
                answer: None,
            });
            log.submitted.len() - 1
        };
        connection.open.insert(connection.sequence, place);
        let went = sent(&wire.send(&octets).await);
        if went.is_continue() && self.random.random_bool(self.esme.temper.unbinds) {
            self.unbind(wire, connection).await;
            return ControlFlow::Break(());
        }
        went
    }

    /// In good order: what is under way is still heard, and until the server closes nothing that is delivered is answered.
    async fn unbind(&mut self, wire: &mut esme::Wire, connection: &mut Connection) {
        connection.sequence += 1;
        let _ = wire.send(&pdu(id::UNBIND, connection.sequence, &[])).await;
        while let Ok(Some(frame)) = wire.frame(BIND_ANSWER).await {
            let frame = read(&frame);
            if frame.id == id::SUBMIT_SM | id::RESPONSE {
                self.answered(connection, &frame);
            }
        }
    }

    fn answered(&mut self, connection: &mut Connection, frame: &Frame) {
        let place = connection.open.remove(&frame.sequence).expect("a response to what was sent");
        let message_id = if frame.body.is_empty() {
            String::new()
        } else {
            frame.string()
        };
        self.esme.log.lock().submitted[place].answer = Some((now(), frame.status, message_id));
    }

    async fn heard(&mut self, wire: &mut esme::Wire, connection: &mut Connection, frame: &Frame, calm: bool) -> ControlFlow<()> {
        match frame.id {
            id::DELIVER_SM => self.delivered(wire, connection, frame, calm).await,
            id::ENQUIRE_LINK => respond(wire, frame, status::ROK, &[]).await,
            id::UNBIND => {
                let _ = respond(wire, frame, status::ROK, &[]).await;
                ControlFlow::Break(())
            }
            submit_sm_resp if submit_sm_resp == id::SUBMIT_SM | id::RESPONSE => {
                self.answered(connection, frame);
                ControlFlow::Continue(())
            }
            _ => panic!("{} did not expect {frame:?}", self.esme.name),
        }
    }

    async fn delivered(
        &mut self,
        wire: &mut esme::Wire,
        connection: &mut Connection,
        frame: &Frame,
        calm: bool,
    ) -> ControlFlow<()> {
        let place = {
            let mut log = self.esme.log.lock();
            log.delivered.push(Delivered {
                esme: self.esme.name.clone(),
                at: now(),
                said: said(&frame.delivery()),
                answer: None,
            });
            log.delivered.len() - 1
        };
        let status = match self.draw(calm) {
            Way::Answer(status) => status,
            Way::Ignore => return ControlFlow::Continue(()),
            Way::HangUp => return ControlFlow::Break(()),
            Way::Late(late) => {
                connection.slow.push_back((Instant::now() + late, frame.sequence, place));
                connection.slow.make_contiguous().sort_unstable();
                return ControlFlow::Continue(());
            }
        };
        self.answer(wire, frame.sequence, place, status).await
    }

    async fn answer_late(&mut self, wire: &mut esme::Wire, connection: &mut Connection) -> ControlFlow<()> {
        let Some((_, sequence, place)) = connection.slow.pop_front() else {
            return ControlFlow::Continue(());
        };
        self.answer(wire, sequence, place, status::ROK).await
    }

    async fn answer(&mut self, wire: &mut esme::Wire, sequence: u32, place: usize, status: u32) -> ControlFlow<()> {
        let response = answer(id::DELIVER_SM | id::RESPONSE, status, sequence, &[0]);
        let went = sent(&wire.send(&response).await);
        if went.is_continue() {
            self.esme.log.lock().delivered[place].answer = Some((now(), status));
        }
        went
    }

    fn draw(&mut self, calm: bool) -> Way {
        if calm {
            return Way::Answer(status::ROK);
        }
        let temper = self.esme.temper;
        let mut left: f64 = self.random.random_range(0.0..1.0);
        let mut falls_on = |share: f64| {
            left -= share;
            left < 0.0
        };
        match () {
            () if falls_on(temper.again) => Way::Answer(AGAIN[self.random.random_range(0..AGAIN.len())]),
            () if falls_on(temper.never) => Way::Answer(NEVER[self.random.random_range(0..NEVER.len())]),
            () if falls_on(temper.ignores) => Way::Ignore,
            () if falls_on(temper.slow) => Way::Late(temper.slow_most.mul_f64(self.random.random_range(0.0..1.0))),
            () if falls_on(temper.hangs_up) => Way::HangUp,
            () => Way::Answer(status::ROK),
        }
    }
}

enum Way {
    Answer(u32),
    Late(Duration),
    Ignore,
    HangUp,
}

async fn respond(wire: &mut esme::Wire, frame: &Frame, status: u32, body: &[u8]) -> ControlFlow<()> {
    sent(
        &wire
            .send(&answer(frame.id | id::RESPONSE, status, frame.sequence, body))
            .await,
    )
}

fn sent(result: &std::io::Result<()>) -> ControlFlow<()> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// By hand, and not by our own codec.
fn read(frame: &esme::Frame) -> Frame {
    let word = |at: usize| u32::from_be_bytes(frame.octets[at..at + 4].try_into().expect("a header has 16 octets"));
    Frame {
        id: word(4),
        status: word(8),
        sequence: word(12),
        body: frame.octets[16..].to_vec(),
    }
}

fn said(delivery: &Delivery) -> Said {
    let text = String::from_utf8_lossy(&delivery.short_message).into_owned();
    if !delivery.is_receipt() {
        return Said::Message { text };
    }
    let field = |name: &str| {
        let (_, rest) = text
            .split_once(name)
            .unwrap_or_else(|| panic!("receipt without {name}: {text}"));
        rest.to_owned()
    };
    let word = |name: &str| field(name).split(' ').next().unwrap_or_default().to_owned();
    Said::Receipt {
        id: word("id:"),
        receipted_message_id: delivery.receipted_message_id(),
        stat: word("stat:"),
        text: field("text:"),
    }
}
