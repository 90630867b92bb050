//! Drives one bind: waits for what happens next, tells the session, does what it says. Decides nothing but when not to read.

use super::{
    connection::{Reader, Writer},
    pace::Pace,
};
use crate::{
    bind::{Bind, Excess, Running},
    clock::Clock,
    limits::{
        APPENDS_IN_FLIGHT_MAX, DELIVER_LEASE, FRAME_OCTETS_PER_CALL_MAX, FRAMES_PER_CALL_MAX, HANDED_MAX, QUESTIONS_MAX,
        UNSERVED, WRITE_STALL,
    },
    receivers::Serves,
    recordings::bind::BindRecord,
    releases::{faults, health},
    work::{
        deliveries,
        entry::Unreadable,
        holding,
        lane::{Kind, Lane},
    },
};
use edgebind_ledger::{Appended, Claim, EntryId, LedgerError, Settlement as Settled};
use edgebind_runtime::{
    End as Counted, Fault, Release, RestoreError, Saved, SessionComponent,
    message::{Delivery, Message},
    session::{Action, Answer, CloseReason, Event, Refusal, Settlement},
};
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use std::{
    collections::{HashMap, VecDeque},
    fmt, io, mem,
    sync::{Arc, atomic::Ordering},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

/// Why a bind ended.
#[derive(Debug)]
pub enum End {
    /// The session said so.
    Closed(CloseReason),
    /// The session broke its contract; us or the guest, as its blame says.
    Fault(Fault),
    /// The socket failed.
    Socket(io::Error),
    /// The peer took nothing of what waited for it for [`WRITE_STALL`].
    Stalled,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Closed(reason) => write!(f, "{reason:?}"),
            End::Fault(fault) => write!(f, "session: {fault}"),
            End::Socket(error) => write!(f, "socket: {error}"),
            End::Stalled => write!(f, "peer took nothing for {} s", WRITE_STALL.as_secs()),
        }
    }
}

/// Drives a bind until it ends. What was not settled by then is claimable again, what was not answered is released.
pub async fn drive<R, W>(bind: &Bind, running: Running, first: Event, reader: Reader<R>, writer: Writer<W>) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (hand, handed) = mpsc::channel(HANDED_MAX);
    let mut driver = Driver {
        bind,
        record: BindRecord::begin(bind, &running),
        running,
        retreat: None,
        reader,
        writer,
        events: vec![first],
        appends: FuturesUnordered::new(),
        in_flight: 0,
        excess: VecDeque::new(),
        passes_at: Instant::now(),
        questions: FuturesUnordered::new(),
        answered: VecDeque::new(),
        window: 0,
        serves: Serves::default(),
        hand,
        handed,
        delivering: HashMap::new(),
        paced: Pace::default(),
        next_token: 1,
        wake_at: None,
        ended: false,
        closing: None,
    };
    let end = driver.run().await;
    driver.hand_back();
    end
}

/// An append under way: the tokens of its messages, in the order of its entries, and what became of them.
pub type Append = BoxFuture<'static, (Vec<u64>, Result<Vec<Appended>, LedgerError>)>;

/// Where a session that has moved came from.
struct Retreat {
    release: Arc<Release<SessionComponent>>,
    saved: Saved,
}

struct Driver<'a, R, W> {
    bind: &'a Bind,
    /// What is recorded of it, if its tenant wants that.
    record: Option<BindRecord<'a>>,
    running: Running,
    /// How to go back to the release before, until the session that moved has got through its first events.
    retreat: Option<Retreat>,
    reader: Reader<R>,
    writer: Writer<W>,
    /// What the session is told next.
    events: Vec<Event>,
    appends: FuturesUnordered<Append>,
    /// Messages in `appends`.
    in_flight: usize,
    /// Messages above the rate, where they wait and are not refused; nothing is read meanwhile.
    excess: VecDeque<(u64, Message)>,
    /// When the first of them may pass.
    passes_at: Instant,
    /// What the session asked.
    questions: FuturesUnordered<BoxFuture<'static, (u64, Answer)>>,
    /// Entries whose submit_sm_resp is among the octets up to this count: nobody may claim them before those are written,
    /// so that no receipt overtakes its answer.
    answered: VecDeque<(u64, Vec<EntryId>)>,
    /// Deliveries that the session takes at a time.
    window: usize,
    /// Incoming messages that this bind is for.
    serves: Serves,
    /// Where other binds of the account hand over what they do not serve.
    hand: mpsc::Sender<Box<Claim>>,
    handed: mpsc::Receiver<Box<Claim>>,
    delivering: HashMap<u64, Claim>,
    /// Deliveries that wait for their rate.
    paced: Pace,
    next_token: u64,
    wake_at: Option<u64>,
    /// The peer will send no more, or nothing that we could read.
    ended: bool,
    closing: Option<CloseReason>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Driver<'_, R, W> {
    async fn run(&mut self) -> End {
        let bind = self.bind;
        let lane = Lane::new(Kind::Deliver, &bind.tenant.name, &bind.account.name).name();
        let mut claiming: Option<BoxFuture<'_, Result<Vec<Claim>, LedgerError>>> = None;
        let mut draining = false;
        let mut changes = bind.tenant.changes.subscribe();
        // When the socket last took something, or there first was something to take.
        let (mut progress, mut wrote) = (Instant::now(), false);
        loop {
            // While its tenant's share of a processor is used up, a session hears nothing and nothing is read for it.
            let rest = bind.tenant.allowance.wait();
            if !self.events.is_empty() && rest.is_none() {
                let events = mem::take(&mut self.events);
                match self.tell(&events).await {
                    Ok(actions) => self.perform(actions),
                    Err(fault) => return End::Fault(fault),
                }
                if let Some(reason) = self.closing {
                    return self.close(reason).await;
                }
            }
            if rest.is_none() && self.may_read() && self.take_frames() {
                continue;
            }
            if self.ended || draining {
                self.window = 0;
            }
            if self.window == 0 {
                claiming = None;
                let unpaced: Vec<EntryId> = self.paced.take_all().map(|claim| claim.id).collect();
                bind.gateway.ledger.release(&unpaced);
            }
            self.show();
            let capacity = self.window.saturating_sub(self.delivering.len() + self.paced.len());
            if capacity > 0 && claiming.is_none() {
                claiming = Some(bind.gateway.ledger.claim(&lane, capacity, DELIVER_LEASE));
            }
            let may_read = rest.is_none() && self.may_read();
            let writing = !self.writer.is_empty();
            if writing && !wrote {
                progress = Instant::now();
            }
            wrote = writing;
            tokio::select! {
                biased;
                result = self.writer.write(), if writing => match result {
                    Ok(()) => {
                        progress = Instant::now();
                        self.release_answered();
                    }
                    Err(error) => return End::Socket(error),
                },
                Some((tokens, result)) = self.appends.next() => self.appended(tokens, result),
                Some(answered) = self.questions.next() => self.events.push(Event::Answered(answered)),
                () = sleep(rest.unwrap_or_default()), if rest.is_some() => {}
                () = sleep_until(self.passes_at), if !self.excess.is_empty() => {
                    let excess = mem::take(&mut self.excess);
                    self.append(excess);
                }
                result = self.reader.fill(), if may_read => match result {
                    Ok(0) => {
                        self.ended = true;
                        self.events.push(Event::Ended);
                    }
                    Ok(_) => {}
                    Err(error) => return End::Socket(error),
                },
                claims = async { claiming.as_mut().expect("the arm is enabled only with a claim").await }, if claiming.is_some() => {
                    claiming = None;
                    match claims {
                        Ok(claims) => self.sort(claims),
                        Err(error) => {
                            tracing::error!(%error, "failed to claim deliveries");
                            self.window = 0;
                        }
                    }
                },
                Some(claim) = self.handed.recv(), if capacity > 0 => {
                    // It takes the place of one that was being claimed.
                    claiming = None;
                    let read = deliveries::read(&claim);
                    self.deliver(*claim, read);
                }
                () = sleep_until(self.paced.passes_at()), if !self.paced.is_empty() => self.deliver_paced(),
                () = wake(bind.gateway.clock, self.wake_at), if self.wake_at.is_some() => {
                    self.wake_at = None;
                    self.events.push(Event::Tick);
                },
                Ok(()) = changes.changed() => self.follow_release(),
                () = bind.open.end.cancelled(), if !draining => {
                    draining = true;
                    self.events.push(Event::Drain);
                },
                () = sleep_until(progress + WRITE_STALL), if writing => return End::Stalled,
            }
        }
    }

    /// Tells the session what happened. One that has just moved and breaks at once goes back to where it came from, and one that
    /// breaks at its first events begins again on the release that takes its place: what failed is done by another release.
    async fn tell(&mut self, events: &[Event]) -> Result<Vec<Action>, Fault> {
        let bind = self.bind;
        let (health, now) = (&bind.tenant.releases.health.session, bind.gateway.clock.now());
        let (is_slow, session) = (self.running.release.component.is_wasi(), &mut self.running.session);
        let told = health.call(is_slow, || session.on_events(now, events)).await;
        if let Some(record) = &mut self.record {
            record.told(now, events, &told);
        }
        let fault = match told {
            Ok(actions) => {
                self.retreat = None;
                if mem::take(&mut self.running.is_new) {
                    let is_refused = actions.iter().any(|action| matches!(action, Action::Close(_)));
                    self.running
                        .release
                        .counts
                        .ended(if is_refused { Counted::Dead } else { Counted::Taken });
                    health.succeeded(now);
                }
                return Ok(actions);
            }
            Err(fault) => fault,
        };
        let next = faults::faulted(&bind.gateway, &bind.tenant, &self.running.release, &fault);
        match (self.retreat.take(), next) {
            (Some(retreat), _) => self.go_back(retreat, fault)?,
            (None, Some(next)) if self.running.is_new => self.running = bind.open_session_of(next)?,
            (None, _) => return Err(fault),
        }
        let (is_slow, session) = (self.running.release.component.is_wasi(), &mut self.running.session);
        let told = health.call(is_slow, || session.on_events(now, events)).await?;
        self.running.is_new = false;
        Ok(told)
    }

    /// The session goes back to the release that it came from.
    fn go_back(&mut self, retreat: Retreat, fault: Fault) -> Result<(), Fault> {
        let open = &self.bind.open;
        let why = format!("revision {} {fault}", self.running.release.revision);
        let (config, settings_revision) = self.bind.session_config(&retreat.release);
        let (component, session) = (&retreat.release.component, &mut self.running.session);
        let back = || session.go_back_to(component, &config, &retreat.saved);
        let session = health::where_it_is_slow(component.is_wasi(), back).map_err(|_| fault)?;
        open.stays_because(Some(why));
        open.revision.store(retreat.release.revision, Ordering::Relaxed);
        self.running = Running {
            session,
            release: retreat.release,
            settings_revision,
            is_new: false,
        };
        Ok(())
    }

    /// Moves to the release that this bind should run now, if it runs another: its session is saved, and goes on as one of that
    /// release. Where that fails the bind stays as it is.
    fn follow_release(&mut self) {
        let wanted = self.bind.release();
        let (config, settings_revision) = self.bind.session_config(&wanted);
        let runs = &self.running;
        if (runs.release.revision, runs.settings_revision) == (wanted.revision, settings_revision) {
            return self.bind.open.stays_because(None);
        }
        let began = Instant::now();
        let is_slow = self.running.release.component.is_wasi() || wanted.component.is_wasi();
        let session = &mut self.running.session;
        let moved = health::where_it_is_slow(is_slow, || session.move_to(&wanted.component, &config));
        wanted.counts.called();
        let (from, to) = (self.running.release.revision, wanted.revision);
        if let Some(record) = &mut self.record {
            record.moved(config, moved.as_ref().map(drop).map_err(ToString::to_string));
        }
        match moved {
            Ok((session, saved)) => {
                let before = mem::replace(
                    &mut self.running,
                    Running {
                        session,
                        release: wanted,
                        settings_revision,
                        is_new: true,
                    },
                );
                self.retreat = Some(Retreat {
                    release: before.release,
                    saved,
                });
                drop(before.session);
                metrics::histogram!("edgebind_bind_move_seconds").record(began.elapsed().as_secs_f64());
                self.bind.open.revision.store(to, Ordering::Relaxed);
                self.bind.open.stays_because(None);
                tracing::debug!(from, to, "the bind moved");
            }
            Err(error) => {
                let (gateway, tenant) = (&self.bind.gateway, &self.bind.tenant);
                match &error {
                    RestoreError::Fault(fault) => drop(faults::faulted(gateway, tenant, &wanted, fault)),
                    RestoreError::Save(fault) => drop(faults::faulted(gateway, tenant, &self.running.release, fault)),
                    RestoreError::Refused(_) => {}
                }
                tracing::warn!(from, to, %error, "the bind stays on its release");
                self.bind.open.stays_because(Some(format!("revision {to}: {error}")));
            }
        }
    }

    /// Shows those who list binds how this one is.
    fn show(&self) {
        let open = &self.bind.open;
        open.window.store(self.window, Ordering::Relaxed);
        open.delivering.store(self.delivering.len(), Ordering::Relaxed);
        open.appending.store(self.in_flight, Ordering::Relaxed);
    }

    fn may_read(&self) -> bool {
        !self.ended
            && self.in_flight < APPENDS_IN_FLIGHT_MAX
            && self.excess.is_empty()
            && self.questions.len() < QUESTIONS_MAX
            && !self.writer.is_full()
    }

    /// Moves frames that are here into the events; whether there were any.
    fn take_frames(&mut self) -> bool {
        let before = self.events.len();
        let mut octets = 0;
        while self.events.len() < FRAMES_PER_CALL_MAX && octets < FRAME_OCTETS_PER_CALL_MAX {
            match self.reader.frame() {
                Ok(Some(frame)) => {
                    octets += frame.len();
                    self.events.push(Event::Frame(frame.into()));
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(%error, "the stream is out of step");
                    self.ended = true;
                    self.events.push(Event::OutOfStep(self.reader.rest().to_vec()));
                    break;
                }
            }
        }
        metrics::counter!("edgebind_pdus_received_total").increment((self.events.len() - before) as u64);
        !self.events.is_empty()
    }

    /// Does everything that the session said, in its order; appends of one call become one.
    fn perform(&mut self, actions: Vec<Action>) {
        let (mut append, mut settlements) = (Vec::new(), Vec::new());
        for action in actions {
            match action {
                Action::Send(octets) => self.writer.push(&octets),
                Action::Ready(readiness) => {
                    self.window = readiness.window as usize;
                    self.serves = Serves::new(readiness.addresses.as_deref());
                    self.bind.ready(&readiness, &self.serves, &self.hand);
                }
                Action::Append((token, message)) => append.push((token, message)),
                Action::Ask((token, question)) => {
                    // A task of its own: what is begun for a peer that goes away is brought to its end.
                    let asker = self.bind.asker();
                    let answer = self.bind.gateway.tasks.spawn(async move { asker.answer(question).await });
                    self.questions
                        .push(Box::pin(async move { (token, answer.await.unwrap_or(Answer::Unavailable)) }));
                }
                Action::Settle((token, settlement)) => settlements.extend(self.settle(token, settlement)),
                Action::WakeAt(at) => self.wake_at = Some(at),
                Action::Close(reason) => self.closing = Some(reason),
                // The runtime has passed it on.
                Action::Say(_) => {}
            }
        }
        deliveries::settle(&self.bind.gateway, settlements);
        if let Some((after, _)) = self.answered.back_mut()
            && *after == u64::MAX
        {
            *after = self.writer.pushed();
            self.release_answered();
        }
        if !append.is_empty() {
            self.append(append);
        }
    }

    fn append(&mut self, messages: impl IntoIterator<Item = (u64, Message)>) {
        let bind = self.bind;
        let (mut tokens, mut entries) = (Vec::new(), Vec::new());
        for (token, message) in messages {
            if !self.excess.is_empty() {
                self.excess.push_back((token, message));
                continue;
            }
            let entry = match bind.may_pass(&message) {
                Ok(()) if message.replace_if_present => {
                    self.replace(token, message);
                    continue;
                }
                Ok(()) => bind.entry(message),
                Err(Excess::Refused(refusal)) => Err(refusal),
                Err(Excess::Wait(wait)) => {
                    self.passes_at = Instant::now() + wait;
                    self.excess.push_back((token, message));
                    continue;
                }
            };
            match entry {
                Ok(entry) => {
                    tokens.push(token);
                    entries.push(entry);
                }
                Err(refusal) => self.events.push(Event::Appended((token, Err(refusal)))),
            }
        }
        if !entries.is_empty() {
            self.in_flight += entries.len();
            let ledger = bind.gateway.ledger.clone();
            self.appends
                .push(Box::pin(async move { (tokens, ledger.append(entries).await) }));
        }
    }

    /// A message that takes the place of another, if there is one.
    fn replace(&mut self, token: u64, message: Message) {
        match self.bind.entry(message.clone()) {
            Ok(entry) => {
                self.in_flight += 1;
                let asker = self.bind.asker();
                self.appends.push(Box::pin(async move {
                    (vec![token], asker.submit_or_replace(&message, entry).await)
                }));
            }
            Err(refusal) => self.events.push(Event::Appended((token, Err(refusal)))),
        }
    }

    fn appended(&mut self, tokens: Vec<u64>, result: Result<Vec<Appended>, LedgerError>) {
        self.in_flight -= tokens.len();
        match result {
            Ok(entries) => {
                metrics::counter!("edgebind_messages_accepted_total", "tenant" => self.bind.tenant.name.clone())
                    .increment(tokens.len() as u64);
                self.bind
                    .open
                    .accepted
                    .count(self.bind.gateway.clock.now(), tokens.len() as u64);
                // The answers are among what the session sends for these events: `perform` puts the count right.
                self.answered
                    .push_back((u64::MAX, entries.iter().map(|entry| entry.id).collect()));
                let fate = entries.iter().map(|entry| Ok(entry.id.to_string()));
                self.events.extend(tokens.into_iter().zip(fate).map(Event::Appended));
            }
            Err(error) => {
                tracing::error!(%error, messages = tokens.len(), "failed to append");
                let refusal = if matches!(error, LedgerError::Full { .. }) {
                    Refusal::QueueFull
                } else {
                    Refusal::Unavailable
                };
                self.events
                    .extend(tokens.into_iter().map(|token| Event::Appended((token, Err(refusal)))));
            }
        }
    }

    fn release_answered(&mut self) {
        while let Some((after, ids)) = self.answered.front()
            && *after <= self.writer.written()
        {
            self.bind.gateway.ledger.release(ids);
            self.answered.pop_front();
        }
    }

    /// Delivers what this bind serves; the rest goes to another bind of the account, or waits for one.
    fn sort(&mut self, claims: Vec<Claim>) {
        let (holding, now) = (self.bind.account.terms().holding, self.bind.gateway.clock.now());
        let mut unserved = Vec::new();
        for claim in claims {
            if claim.attempt > 1 && holding::is_over(claim.appended, now, holding) {
                deliveries::count(&self.bind.tenant.name, "expired");
                unserved.push((claim, deliveries::given_up(holding::too_old(holding))));
                continue;
            }
            match deliveries::read(&claim) {
                Ok(Delivery::Incoming(incoming)) if !self.serves.takes(&incoming.destination.digits) => {
                    let receivers = &self.bind.account.receivers;
                    if let Err(claim) = receivers.hand_over(claim, &incoming.destination.digits) {
                        unserved.push((claim, deliveries::again(UNSERVED)));
                    }
                }
                read => self.deliver(claim, read),
            }
        }
        deliveries::settle(&self.bind.gateway, unserved);
    }

    fn deliver(&mut self, claim: Claim, read: Result<Delivery, Unreadable>) {
        match read {
            Ok(delivery) => {
                self.paced.push(claim, delivery);
                self.deliver_paced();
            }
            Err(error) => {
                tracing::error!(entry = %claim.id, %error, "a delivery cannot be read");
                deliveries::settle(&self.bind.gateway, vec![(claim, deliveries::given_up(error.to_string()))]);
            }
        }
    }

    /// Tells the session what may pass now.
    fn deliver_paced(&mut self) {
        let terms = self.bind.account.terms();
        while let Some((claim, delivery)) = self.paced.next(terms.deliver_rate.as_deref()) {
            let token = self.next_token;
            self.next_token += 1;
            self.events.push(Event::Deliver((token, delivery)));
            self.delivering.insert(token, claim);
        }
    }

    fn settle(&mut self, token: u64, settlement: Settlement) -> Option<(Claim, Settled)> {
        let Some(claim) = self.delivering.remove(&token) else {
            tracing::warn!(token, "the session settled a token that is not open");
            return None;
        };
        let Some(settled) = deliveries::settlement(&self.bind.tenant.name, &claim, settlement) else {
            self.bind.gateway.ledger.release(&[claim.id]);
            return None;
        };
        self.bind.open.delivered.count(self.bind.gateway.clock.now(), 1);
        Some((claim, settled))
    }

    /// Writes what waits, as far as the peer takes it, and closes.
    async fn close(&mut self, reason: CloseReason) -> End {
        match tokio::time::timeout(WRITE_STALL, self.writer.finish()).await {
            Ok(Ok(())) => End::Closed(reason),
            // The peer is gone, as it may be when both sides are done.
            Ok(Err(_)) if reason != CloseReason::Drained => End::Closed(reason),
            Ok(Err(error)) => End::Socket(error),
            Err(_) => End::Stalled,
        }
    }

    fn hand_back(&mut self) {
        let ledger = &self.bind.gateway.ledger;
        for (_, ids) in self.answered.drain(..) {
            ledger.release(&ids);
        }
        self.handed.close();
        let handed = std::iter::from_fn(|| self.handed.try_recv().ok().map(|claim| *claim));
        let unsettled = self
            .delivering
            .drain()
            .map(|(_, claim)| claim)
            .chain(handed)
            .chain(self.paced.take_all());
        ledger.release(&unsettled.map(|claim| claim.id).collect::<Vec<EntryId>>());
        // Appends still under way are on their way to the disk without an answer; their entries are released when they get there.
        let appends = mem::take(&mut self.appends);
        self.bind.gateway.finish_appends(appends);
    }
}

async fn wake(clock: Clock, at: Option<u64>) {
    if let Some(at) = at {
        sleep_until(clock.instant(at)).await;
    }
}

#[cfg(test)]
mod tests;
