//! Everybody misbehaves at once: the upstream delays, refuses, lies and goes away, phones repeat themselves and talk out of turn, ESMEs
//! ignore, refuse, hang up and bind again; now and then the process is killed besides.

use std::time::Duration;

use edgebind_simulator::smsgate::{Fault, On};
use rand::RngExt;

use super::check::Verdict;
use super::esme::Temper;
use super::log::{Whom, now};
use super::trial::{Plan, Trial};
use crate::config::Config;

/// A trouble is at most so long.
const TROUBLE_MS_MAX: u64 = 1_500;

/// Of so many troubles one ends with a kill.
const KILLS: f64 = 0.15;

/// What the upstream does to the messages that it is posted, and to which share of them.
const TROUBLES: [Trouble; 10] = [
    Trouble::None,
    Trouble::Dark,
    Trouble::Silent,
    Trouble::On(0.5, || Fault::status(503, "service unavailable")),
    Trouble::On(0.5, || Fault::status(500, "failed to enqueue message")),
    Trouble::On(0.5, || Fault::retry_after(429, "1")),
    Trouble::On(0.3, || Fault::Cut),
    Trouble::On(0.3, || Fault::CutAfter),
    Trouble::On(0.5, || Fault::Late(Duration::from_millis(400))),
    // The last, so that a plan can leave it out.
    Trouble::On(0.3, || Fault::Garbled),
];

/// As [`FATES`](super::FATES), and two of which the phone never says what became of them. Where it says so too late the clock has spoken:
/// webhooks that met nobody come again later each time.
const FATES_AND_SILENCE: [(&str, &[&str]); 6] = [
    ("00", &["DELIVRD", "UNKNOWN"]),
    ("10", &["DELIVRD", "UNKNOWN"]),
    ("01", &["UNDELIV", "UNKNOWN"]),
    ("04", &["UNDELIV", "UNKNOWN"]),
    ("03", &["UNKNOWN"]),
    ("05", &["UNKNOWN"]),
];

/// What troubles the upstream.
enum Trouble {
    None,
    /// Nobody listens on its port.
    Dark,
    /// Its webhooks stay away, and come in the reverse order when it is over.
    Silent,
    On(f64, fn() -> Fault),
}

impl Plan {
    /// The same with ESMEs and phones that are hard to get along with.
    #[must_use]
    pub fn unruly(self) -> Self {
        Self {
            config: Config {
                tenant: "receipt_max_wait = \"10s\"".to_owned(),
                // What is ignored comes again soon, and a bind that ignores much is not ended by that.
                session: "retry_deliver_ms = 100\nresponse_timeout = \"1s\"\nunanswered_max = 0".to_owned(),
                ..self.config
            },
            fates: &FATES_AND_SILENCE,
            temper: Temper {
                again: 0.05,
                never: 0.01,
                ignores: 0.02,
                slow: 0.1,
                slow_most: Duration::from_millis(300),
                hangs_up: 0.005,
                unbinds: 0.005,
            },
            ..self
        }
    }
}

/// So many troubles one after the other; then time for everything to come to its end.
pub async fn chaos(plan: Plan, troubles: u32, patience: Duration) -> Verdict {
    let kinds = TROUBLES.len() - usize::from(!plan.garbles);
    let mut trial = Trial::start(plan.unruly()).await;
    let faults = trial.upstream.faults();
    faults.double_webhooks(0.1);
    faults.repeat_webhooks(0.1);
    faults.jitter_webhooks(Duration::from_millis(200));
    for number in 0..troubles {
        let from = now();
        let time = Duration::from_millis(100 + trial.draw(TROUBLE_MS_MAX));
        let trouble = &TROUBLES[trial.random.random_range(0..kinds)];
        match trouble {
            Trouble::None => trial.go_on(time).await,
            Trouble::Dark => {
                trial.upstream.go_dark().await;
                trial.go_on(time).await;
                trial.upstream.come_back().await.expect("its port is still its own");
            }
            Trouble::Silent => {
                trial.upstream.faults().hold_webhooks();
                trial.go_on(time).await;
                trial.upstream.faults().release_webhooks(true);
            }
            Trouble::On(share, fault) => {
                trial.upstream.faults().share(On::Submit, *share, fault());
                trial.go_on(time).await;
                trial.upstream.faults().clear();
            }
        }
        if !matches!(trouble, Trouble::None | Trouble::Silent) {
            trial.cut(from, Whom::Upstream);
        }
        if trial.falls_on(KILLS) {
            trial.kill().await;
            trial.up().await;
        }
        if (number + 1) % 20 == 0 {
            eprintln!("{} of {troubles} troubles", number + 1);
        }
    }
    trial.settle(patience).await
}
