//! A bind as its session saw it, while it goes on: as much as there is room for, from its beginning.

use super::witness;
use crate::{
    bind::{Bind, Running},
    limits::{RECORDED_BIND_OCTETS_MAX, RECORDED_TURNS_MAX},
};
use edgebind_runtime::{
    Fault, Release, SessionComponent,
    recording::{Bound, Guest, Recorded, Turn, Work},
    session::{Action, Config, Event},
};
use std::{mem, sync::Arc};

/// What is recorded of one bind.
pub struct BindRecord<'a> {
    bind: &'a Bind,
    /// The release that it began with.
    release: Arc<Release<SessionComponent>>,
    began: u64,
    bound: Bound,
    octets: usize,
    /// Nothing more is recorded of it.
    is_over: bool,
}

impl<'a> BindRecord<'a> {
    /// Of a bind that begins with this session, if its tenant wants that.
    pub fn begin(bind: &'a Bind, running: &Running) -> Option<Self> {
        bind.tenant.config().recording?;
        let (config, _) = bind.session_config(&running.release);
        Some(Self {
            bind,
            release: running.release.clone(),
            began: bind.gateway.clock.now(),
            bound: Bound {
                config,
                from: None,
                opened: Ok(()),
                turns: Vec::new(),
            },
            octets: 0,
            is_over: false,
        })
    }

    /// The session was told this. With a fault, or when there is no more room, the recording is over.
    pub fn told(&mut self, now: u64, events: &[Event], told: &Result<Vec<Action>, Fault>) {
        if self.is_over {
            return;
        }
        self.octets += octets(events, told.as_deref().unwrap_or_default());
        self.bound.turns.push(Turn::Told {
            now,
            events: events.to_vec(),
            actions: told.clone().map_err(|fault| fault.to_string()),
        });
        let is_full = self.bound.turns.len() >= RECORDED_TURNS_MAX || self.octets >= RECORDED_BIND_OCTETS_MAX;
        if told.is_err() || is_full {
            self.end();
        }
    }

    /// The session was to move to a release with this configuration; why it did not, if it did not.
    pub fn moved(&mut self, config: Config, moved: Result<(), String>) {
        if !self.is_over {
            self.bound.turns.push(Turn::Moved { config, moved });
        }
    }

    fn end(&mut self) {
        if mem::replace(&mut self.is_over, true) {
            return;
        }
        let bound = Bound {
            config: self.bound.config.clone(),
            from: None,
            opened: Ok(()),
            turns: mem::take(&mut self.bound.turns),
        };
        let recorded = Recorded::new(
            self.began,
            Guest::Session(&self.release.component),
            self.release.revision,
            Work::Bind(bound),
        );
        witness::saw_bind(&self.bind.gateway, &self.bind.tenant, &self.release, recorded);
    }
}

impl Drop for BindRecord<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// About as many octets as a turn takes: its PDUs and its messages are most of it.
fn octets(events: &[Event], actions: &[Action]) -> usize {
    let told = events.iter().map(|event| match event {
        Event::Frame(frame) | Event::OutOfStep(frame) => frame.len(),
        _ => size_of::<Event>(),
    });
    let said = actions.iter().map(|action| match action {
        Action::Send(octets) => octets.len(),
        Action::Append((_, message)) => size_of::<Action>() + message.payload.len(),
        _ => size_of::<Action>(),
    });
    told.chain(said).sum()
}
