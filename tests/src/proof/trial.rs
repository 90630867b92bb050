//! A gateway on trial: a real process between ESMEs that write everything down and an upstream that does, started and killed as often as it
//! takes, always on the same data directory.

use std::env;
use std::time::Duration;

use edgebind_simulator::smsgate::{self, Account, Attempt, Call, Device, Fault, Smsgate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::check::{Verdict, check};
use super::disk::Disk;
use super::esme::{Esme, FATES, Kind, Stage, Temper};
use super::log::{Cut, Log, Posted, Shared, Told, Whom, now};
use crate::config::{Config, UPSTREAM};
use crate::edgebind::{Edgebind, Home};
use crate::openapi::Inspected;
use crate::program;
use crate::wait::{self, PATIENCE};

/// The number of the phone's SIM.
const OWN_NUMBER: &str = "+447700900999";

/// How long nothing may happen before it is believed that nothing more will.
const REST: Duration = Duration::from_secs(2);

/// Who takes part, and how they behave.
pub struct Plan {
    /// All choices follow from it.
    pub seed: u64,
    /// The gateway's configuration; its account is that of all ESMEs.
    pub config: Config,
    /// Whose every kill is a power cut besides: what was not synced is lost.
    pub disk: Option<Disk>,
    /// The upstream's habits; accounts and seed are the trial's.
    pub upstream: smsgate::Config,
    /// Phones that it has: each tells of one message after the other.
    pub phones: usize,
    /// What becomes of messages to numbers with these endings.
    pub fates: &'static [(&'static str, &'static [&'static str])],
    /// The ESMEs.
    pub esmes: Vec<Kind>,
    /// submit_sm that each may have unanswered.
    pub window: usize,
    /// Between two submit_sm of one.
    pub pause: Duration,
    /// validity_period of all messages.
    pub validity: &'static str,
    /// How all of them take what they are delivered.
    pub temper: Temper,
    /// Between two messages that come in.
    pub incoming: Duration,
    /// In chaos the upstream's answers may be no answers at all. What it was posted then comes to its end a minute later.
    pub garbles: bool,
}

impl Plan {
    /// Two transceivers, a transmitter and a receiver that do as they should, before a phone that does.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            config: Config {
                session: "retry_deliver_ms = 100".to_owned(),
                ..Config::default()
            },
            disk: None,
            upstream: smsgate::Config {
                log_max: 4_000_000,
                ..smsgate::Config::default()
            },
            phones: 1,
            fates: &FATES,
            esmes: vec![Kind::Transceiver, Kind::Transceiver, Kind::Transmitter, Kind::Receiver],
            window: 10,
            pause: Duration::from_millis(15),
            validity: "",
            temper: Temper::default(),
            incoming: Duration::from_millis(40),
            garbles: false,
        }
    }
}

/// The seed of a trial: `EDGEBIND_SEED`, or one that nobody has chosen; printed, so that it can be chosen next time.
pub fn seed() -> u64 {
    let chosen = env::var("EDGEBIND_SEED").ok();
    let seed = chosen.map_or_else(
        || now() % 1_000_000,
        |seed| seed.parse().expect("EDGEBIND_SEED is a whole number"),
    );
    eprintln!("EDGEBIND_SEED={seed}");
    seed
}

/// A gateway, its ESMEs and its upstream. Fields are dropped in this order.
pub struct Trial {
    esmes: JoinSet<()>,
    edgebind: Option<Edgebind>,
    /// The upstream, to be troubled.
    pub upstream: Inspected<Smsgate>,
    /// The gateway's home.
    pub home: Home,
    /// What chooses moments.
    pub random: StdRng,
    seed: u64,
    toml: String,
    disk: Option<Disk>,
    variables: Vec<(String, String)>,
    /// Octets that power cuts have cost.
    pub torn_octets: u64,
    upstream_timeout: Duration,
    log: Shared,
    stage: watch::Sender<Stage>,
    incoming: Duration,
    incoming_count: u32,
}

impl Trial {
    /// Starts everybody, and waits until the phone knows where its reports go.
    pub async fn start(plan: Plan) -> Self {
        let account = Account::new(UPSTREAM.0, UPSTREAM.1).device(Device::new("phone-1").number(OWN_NUMBER));
        let account = (2..=plan.phones).fold(account, |account, phone| {
            account.device(Device::new(&format!("phone-{phone}")))
        });
        let upstream = Smsgate::start(smsgate::Config {
            accounts: vec![account],
            seed: plan.seed,
            ..plan.upstream
        });
        let upstream = Inspected::new(upstream.await.expect("the simulator can listen"));
        let home = Home::new();
        let toml = plan.config.toml(&home, upstream.base_url());
        let log = Shared::default();
        let (stage, watched) = watch::channel(Stage {
            address: None,
            submits: false,
            calm: false,
            over: false,
        });
        let mut esmes = JoinSet::new();
        for (number, kind) in (1_u64..).zip(plan.esmes) {
            let esme = Esme {
                name: format!("esme{number}"),
                kind,
                window: plan.window,
                pause: plan.pause,
                fates: plan.fates,
                validity: plan.validity,
                temper: plan.temper,
                seed: plan.seed.wrapping_mul(1_000).wrapping_add(number),
                log: log.clone(),
                stage: watched.clone(),
            };
            esmes.spawn(esme.live());
        }
        let mut trial = Self {
            esmes,
            edgebind: None,
            upstream,
            random: StdRng::seed_from_u64(plan.seed),
            seed: plan.seed,
            toml,
            variables: plan
                .disk
                .as_ref()
                .map_or_else(Vec::new, |disk| disk.variables(&home.data_dir())),
            disk: plan.disk,
            torn_octets: 0,
            home,
            // What the gateway waits unless it is told otherwise.
            upstream_timeout: Duration::from_secs(60),
            log,
            stage,
            incoming: plan.incoming,
            incoming_count: 0,
        };
        trial.up().await;
        trial.attached().await;
        trial.stage.send_modify(|stage| stage.submits = true);
        trial
    }

    /// Starts the gateway on what the one before has left.
    pub async fn up(&mut self) {
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let edgebind = Edgebind::with_config_and_env(&self.home, &self.toml, &variables).await;
        self.stage.send_modify(|stage| stage.address = Some(edgebind.smpp_listener()));
        self.edgebind = Some(edgebind);
    }

    /// Ends the gateway as it should end, if it is up.
    pub async fn down(&mut self) {
        if let Some(edgebind) = self.edgebind.take() {
            let ended = edgebind.terminate().await;
            assert!(ended.success(), "seed {}: SIGTERM ends it well", self.seed);
        }
    }

    /// The gateway that is up.
    pub fn edgebind(&self) -> &Edgebind {
        self.edgebind.as_ref().expect("the gateway was not killed, or started again")
    }

    /// Lets everybody go on for a while, with messages that come in.
    pub async fn go_on(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let mut next = Instant::now() + self.incoming;
        while next < until {
            sleep_until(next).await;
            self.come_in();
            next += self.incoming;
        }
        sleep_until(until).await;
    }

    fn come_in(&mut self) {
        self.incoming_count += 1;
        let text = format!("in-{}", self.incoming_count);
        let from = format!("+4477009002{:02}", self.random.random_range(0..20));
        self.upstream.incoming(UPSTREAM.0, &from, OWN_NUMBER, &text);
    }

    /// The disk, where there is one that can fail.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().expect("the plan has a disk that can fail")
    }

    /// Kills the process in the middle of whatever it does.
    pub async fn kill(&mut self) {
        let edgebind = self.edgebind.take().expect("the gateway is up");
        let from = now();
        edgebind.kill().await;
        self.killed(from);
    }

    /// Starts the process and kills it in the middle of that.
    pub async fn stumble(&mut self, after: Duration) {
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let from = now();
        Edgebind::killed_while_starting(&self.home, &self.toml, &variables, after).await;
        self.killed(from);
    }

    fn killed(&mut self, from: u64) {
        self.stage.send_modify(|stage| stage.address = None);
        if let Some(disk) = &self.disk {
            self.torn_octets += disk.cut_power(&mut self.random);
        }
        self.cut(from, Whom::Process);
    }

    /// Writes down that somebody was cut off from then to now.
    pub fn cut(&self, from: u64, whom: Whom) {
        self.log.lock().cuts.push(Cut { from, to: now(), whom });
    }

    /// A whole number below `most`.
    pub fn draw(&mut self, most: u64) -> u64 {
        self.random.random_range(0..most)
    }

    /// A draw that falls on this share.
    pub fn falls_on(&mut self, share: f64) -> bool {
        self.random.random_bool(share)
    }

    /// submit_sm that were answered with this command_status so far.
    pub fn answered(&self, status: u32) -> usize {
        let log = self.log.lock();
        let answers = log.submitted.iter().filter_map(|submitted| submitted.answer.as_ref());
        answers.filter(|(_, answered, _)| *answered == status).count()
    }

    /// No more submit_sm, nor tempers: what is under way comes to its end, or does not in time. The gateway ends as it should.
    pub async fn settle(&mut self, patience: Duration) -> Verdict {
        self.stage.send_modify(|stage| {
            stage.submits = false;
            stage.calm = true;
        });
        let deadline = Instant::now() + patience;
        sleep(REST).await;
        while check(&self.log()).outstanding() > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(500)).await;
        }
        sleep(REST).await;
        self.stage.send_modify(|stage| stage.over = true);
        while let Some(ended) = self.esmes.join_next().await {
            ended.expect("no ESME was told what it did not expect");
        }
        self.down().await;
        let verdict = check(&self.log());
        if !verdict.breaches.is_empty() {
            let log = program::folder("proof").join(format!("{}.log", self.seed));
            std::fs::write(&log, self.home.log()).unwrap();
            eprintln!("what the gateway said: {}", log.display());
        }
        verdict
    }

    /// What was seen so far, by everybody.
    pub fn log(&self) -> Log {
        let mut log = self.log.lock().clone();
        log.posted = self
            .upstream
            .calls()
            .into_iter()
            .filter_map(|call| self.posted(call))
            .collect();
        log.told = self.upstream.attempts().iter().filter_map(told).collect();
        log
    }

    fn posted(&self, call: Call) -> Option<Posted> {
        let submission = call.submission?;
        let has_it = matches!(call.status, Some(200..=299 | 409));
        let (taken, said) = match call.fault {
            None => (has_it, true),
            Some(Fault::Delay(time) | Fault::Late(time)) => (has_it, time < self.upstream_timeout),
            Some(Fault::Garbled) => (has_it, false),
            Some(Fault::CutAfter) => (true, false),
            Some(Fault::Answer { .. } | Fault::Cut) => (false, false),
        };
        Some(Posted {
            at: call.at_ms,
            text: submission.text().unwrap_or_default().to_owned(),
            to: submission.phone_numbers.join(","),
            id: submission.id.unwrap_or_default(),
            status: call.status,
            taken,
            said,
        })
    }

    /// Waits until the phone has been told where incoming messages and reports go.
    async fn attached(&self) {
        let events = ["sms:received", "sms:sent", "sms:delivered", "sms:failed"];
        wait::until("the webhooks to be registered", PATIENCE, async || {
            let webhooks = self.upstream.webhooks(UPSTREAM.0);
            let all = events
                .iter()
                .all(|event| webhooks.iter().any(|webhook| webhook.event == *event));
            all.then_some(())
        })
        .await;
    }
}

fn told(attempt: &Attempt) -> Option<Told> {
    let body: serde_json::Value = serde_json::from_str(&attempt.body).ok()?;
    let payload = &body["payload"];
    Some(Told {
        at: attempt.at_ms,
        event: attempt.event.clone(),
        message: payload["messageId"].as_str().unwrap_or_default().to_owned(),
        text: payload["message"].as_str().map(str::to_owned),
        status: attempt.status,
    })
}
