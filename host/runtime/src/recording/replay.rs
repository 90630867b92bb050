//! A recording runs again: with the arguments that it holds, on any component of its world. What comes of it is compared with what
//! came then, or takes its place. Nothing that a guest asks for is done.

use super::{
    Bound, Came, Frames, Heard, Operated, Recorded, Turn, Work,
    difference::{self, Difference},
};
use crate::{
    fault::{Blame, Fault},
    session::{RestoreError, SessionComponent},
    translator::{Step, TranslatorComponent},
    world::World,
};
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt};

/// What a recording runs on.
#[derive(Clone, Copy)]
pub enum Guest<'a> {
    /// Of binds.
    Session(&'a SessionComponent),
    /// Of operations and webhooks.
    Translator(&'a TranslatorComponent),
}

impl Guest<'_> {
    fn world(&self) -> World {
        match self {
            Guest::Session(_) => World::Session,
            Guest::Translator(_) => World::Translator,
        }
    }

    pub(super) fn digest(&self) -> &str {
        match self {
            Guest::Session(component) => component.digest(),
            Guest::Translator(component) => component.digest(),
        }
    }

    pub(super) fn contract(&self) -> &'static str {
        match self {
            Guest::Session(component) => component.contract(),
            Guest::Translator(component) => component.contract(),
        }
    }
}

/// How a recording went on another component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// What another would see of it: requests, outcomes, deliveries, actions.
    pub differences: Vec<Difference>,
    /// There are more of them than anybody reads.
    pub more: bool,
    /// The fault that it ended with, where it did not end so then.
    pub fault: Option<String>,
    /// Octets that only the guest itself reads, what is saved and what is remembered, are different in so many places.
    pub own: usize,
}

impl Replayed {
    /// Nobody would have seen a difference.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.fault.is_none()
    }
}

/// Runs a recording again, on this component, and says what would have been different. A shadow is the same: a component that
/// is told right away what another one was told. After a fault the rest is not run.
///
/// Takes as many calls as were recorded, each within the component's allowance; to whose voice goes what the guest says. What it
/// said then is not part of a recording.
pub fn replay(recorded: &Recorded, guest: Guest<'_>, frames: &dyn Frames) -> Result<Replayed, Unplayable> {
    let mut again = recorded.clone();
    remake(&mut again, guest)?;
    Ok(difference::compare(recorded, &again, frames))
}

/// Puts what comes of it on this component in the place of what came of it then.
///
/// An operation that is done sooner has fewer calls then; one that wants further exchanges ends with the last for which there is an
/// answer. An error leaves it half made.
pub fn remake(recorded: &mut Recorded, guest: Guest<'_>) -> Result<(), Unplayable> {
    match (&mut recorded.work, guest) {
        (Work::Operation(operated), Guest::Translator(component)) => operate(operated, component),
        (Work::Webhook(heard), Guest::Translator(component)) => hear(heard, component),
        (Work::Bind(bound), Guest::Session(component)) => bind(bound, component),
        _ => {
            return Err(Unplayable::World {
                recorded: recorded.world(),
                component: guest.world(),
            });
        }
    }
    .map_err(Unplayable::Host)?;
    guest.digest().clone_into(&mut recorded.digest);
    guest.contract().clone_into(&mut recorded.contract);
    Ok(())
}

fn operate(operated: &mut Operated, component: &TranslatorComponent) -> Result<(), Fault> {
    let (mut saved, mut made) = (Vec::new(), 0);
    for call in &mut operated.calls {
        call.step = came(match &call.got {
            None => component.begin(&call.context, &operated.operation),
            Some(got) => component.resume(&call.context, &operated.operation, &saved, got),
        })?;
        made += 1;
        match &call.step {
            Ok(Step::Exchange(exchange)) => saved.clone_from(&exchange.saved),
            Ok(Step::Done(_)) | Err(_) => break,
        }
    }
    operated.calls.truncate(made);
    Ok(())
}

fn hear(heard: &mut Heard, component: &TranslatorComponent) -> Result<(), Fault> {
    heard.hearing = came(component.webhook(&heard.context, &heard.request))?;
    Ok(())
}

fn bind(bound: &mut Bound, component: &SessionComponent) -> Result<(), Fault> {
    let opened = match &bound.from {
        None => came(component.open(&bound.config))?,
        Some(saved) => restored(component.reopen(&bound.config, saved))?,
    };
    let mut session = match opened {
        Ok(session) => session,
        Err(why) => {
            bound.opened = Err(why);
            bound.turns.clear();
            return Ok(());
        }
    };
    bound.opened = Ok(());
    let mut made = 0;
    for turn in &mut bound.turns {
        made += 1;
        let goes_on = match turn {
            Turn::Told { now, events, actions } => {
                *actions = came(session.on_events(*now, events))?;
                actions.is_ok()
            }
            Turn::Moved { config, moved } => match restored(session.move_to(component, config))? {
                Ok((successor, _)) => {
                    session = successor;
                    *moved = Ok(());
                    true
                }
                // The bind stays with the session that it has.
                Err(why) => {
                    *moved = Err(why);
                    true
                }
            },
        };
        if !goes_on {
            break;
        }
    }
    bound.turns.truncate(made);
    Ok(())
}

/// A guest's fault is what came of the call; one of ours says nothing of the guest.
fn came<T>(result: Result<T, Fault>) -> Result<Came<T>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(fault) if fault.blame() == Blame::Guest => Ok(Err(fault.to_string())),
        Err(fault) => Err(fault),
    }
}

fn restored<T>(result: Result<T, RestoreError>) -> Result<Came<T>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(RestoreError::Fault(fault) | RestoreError::Save(fault)) => came(Err(fault)),
        Err(refused @ RestoreError::Refused(_)) => Ok(Err(refused.to_string())),
    }
}

/// Why a recording does not run on a component. Says nothing of how it would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplayable {
    /// The component is of another world.
    World {
        /// What it was recorded of.
        recorded: World,
        /// What the component is.
        component: World,
    },
    /// We could not make a call.
    Host(Fault),
}

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |world: &World| match world {
            World::Session => "session",
            World::Translator => "translator",
        };
        match self {
            Unplayable::World { recorded, component } => {
                write!(f, "recorded of a {}, the component is a {}", name(recorded), name(component))
            }
            Unplayable::Host(fault) => fault.fmt(f),
        }
    }
}

impl Error for Unplayable {}
