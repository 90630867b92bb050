//! The loop: change an input, run the target, keep what went somewhere new, stop at what does not hold.

use std::fmt;
use std::io;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{black_box::BlackBox, corpus::Corpus, coverage::Seen, hex, mutation::mutate, target::Target};

/// How long a finding is made shorter.
const SHORTEN_FOR: Duration = Duration::from_secs(3);

/// A run of one target.
#[derive(Debug)]
pub struct Engine {
    target: Target,
    random: StdRng,
    inputs: Vec<Vec<u8>>,
    seen: Seen,
    black_box: Option<BlackBox>,
    corpus: Option<Corpus>,
    /// How often the target ran.
    executions: u64,
    slowest: Duration,
    /// Edges that the inputs of the start took.
    edges_before: usize,
}

/// When a run is over without a finding.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    /// After so many executions.
    Executions(u64),
    /// After so long.
    Time(Duration),
}

/// An input for which something does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The shortest one that was found.
    pub input: Vec<u8>,
    /// What the panic said.
    pub panic: Panic,
}

/// What a panic said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// File and line.
    pub place: String,
    /// Its words.
    pub message: String,
}

impl Engine {
    /// An engine that begins with the target's seeds. One seed of chance is one run.
    #[must_use]
    pub fn new(target: Target, seed: u64) -> Self {
        Self {
            target,
            random: StdRng::seed_from_u64(seed),
            inputs: Vec::new(),
            seen: Seen::default(),
            black_box: None,
            corpus: None,
            executions: 0,
            slowest: Duration::ZERO,
            edges_before: 0,
        }
    }

    /// Remembers the input under way there.
    pub fn note_in(&mut self, black_box: BlackBox) {
        self.black_box = Some(black_box);
    }

    /// Keeps there what goes somewhere new.
    pub fn keep_in(&mut self, corpus: Corpus) {
        self.corpus = Some(corpus);
    }

    /// Runs the seeds and `inputs`, then what comes of them, until the budget is spent or something does not hold.
    ///
    /// # Errors
    /// A file cannot be written. What was found is no error.
    pub fn run(&mut self, inputs: Vec<Vec<u8>>, budget: Budget) -> io::Result<Option<Finding>> {
        let start = Instant::now();
        for mut input in (self.target.seeds)().into_iter().chain(inputs) {
            input.truncate(self.target.octets_max);
            if let Err(panic) = self.execute(&input)?.0 {
                return self.shorten(input, panic).map(Some);
            }
            self.inputs.push(input);
        }
        self.edges_before = self.seen.edges();
        while !budget.is_spent(self.executions, start) {
            let input = self.next_input();
            match self.execute(&input)? {
                (Err(panic), _) => return self.shorten(input, panic).map(Some),
                (Ok(()), true) => {
                    if let Some(corpus) = &self.corpus {
                        corpus.keep(&input)?;
                    }
                    self.inputs.push(input);
                }
                (Ok(()), false) => {}
            }
        }
        Ok(None)
    }

    /// How far it got.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            executions: self.executions,
            inputs: self.inputs.len(),
            edges_before: self.edges_before,
            edges: self.seen.edges(),
            slowest: self.slowest,
        }
    }

    fn next_input(&mut self) -> Vec<u8> {
        let count = self.inputs.len();
        // What is new has been tried least.
        let first = if self.random.random() { count.saturating_sub(32) } else { 0 };
        let base = &self.inputs[self.random.random_range(first..count)];
        let other = &self.inputs[self.random.random_range(0..count)];
        mutate(&mut self.random, base, other, self.target.octets_max)
    }

    fn execute(&mut self, input: &[u8]) -> io::Result<(Result<(), Panic>, bool)> {
        if let Some(black_box) = &mut self.black_box {
            black_box.note(input)?;
        }
        let start = Instant::now();
        let target = self.target;
        let (result, new) = self.seen.watch(|| run_once(target, input));
        self.slowest = self.slowest.max(start.elapsed());
        self.executions += 1;
        BEAT.store(self.executions, Relaxed);
        Ok((result, new))
    }

    /// Takes pieces out as long as the same place panics.
    fn shorten(&mut self, mut input: Vec<u8>, mut panic: Panic) -> io::Result<Finding> {
        let start = Instant::now();
        let mut width = input.len().div_ceil(2);
        while width > 0 {
            let mut at = 0;
            while at < input.len() && start.elapsed() < SHORTEN_FOR {
                let mut shorter = input.clone();
                shorter.drain(at..input.len().min(at + width));
                match self.execute(&shorter)?.0 {
                    Err(same) if same.place == panic.place => (input, panic) = (shorter, same),
                    _ => at += width,
                }
            }
            width /= 2;
        }
        Ok(Finding { input, panic })
    }
}

impl Budget {
    fn is_spent(self, executions: u64, start: Instant) -> bool {
        match self {
            Self::Executions(most) => executions >= most,
            // The clock is dearer than some targets.
            Self::Time(longest) => executions.is_multiple_of(16) && start.elapsed() >= longest,
        }
    }
}

/// The executions of this process, for whoever watches that they go on.
pub static BEAT: AtomicU64 = AtomicU64::new(0);

/// Runs the target once.
///
/// # Errors
/// What it said when something did not hold.
pub fn run_once(target: Target, input: &[u8]) -> Result<(), Panic> {
    panic::catch_unwind(|| (target.run)(input)).map_err(|_| {
        let said = SAID.lock().unwrap_or_else(PoisonError::into_inner).take();
        said.unwrap_or_else(|| Panic {
            place: "nowhere".to_owned(),
            message: "a panic without a word: hear_panics was not called".to_owned(),
        })
    })
}

static SAID: Mutex<Option<Panic>> = Mutex::new(None);

/// From now on what panics say is kept for [`run_once`] instead of being printed.
pub fn hear_panics() {
    panic::set_hook(Box::new(|info| {
        let panic = Panic {
            place: info
                .location()
                .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line())),
            message: info.payload_as_str().unwrap_or("something that is no text").to_owned(),
        };
        *SAID.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
    }));
}

/// How far a run got.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    executions: u64,
    inputs: usize,
    edges_before: usize,
    edges: usize,
    slowest: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            executions,
            inputs,
            edges_before,
            edges,
            slowest,
        } = self;
        write!(
            f,
            "{executions} executions, edges {edges_before} -> {edges}, {inputs} inputs, slowest {slowest:.1?}"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, panic } = self;
        let Panic { place, message } = panic;
        write!(f, "{place}: {message}\n  {} octets: {}", input.len(), hex::write(input))
    }
}
