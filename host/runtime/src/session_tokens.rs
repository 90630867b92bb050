//! The appends, questions and deliveries of one session that are under way, so that a token which is not open is noticed before
//! anybody acts on it.

use crate::session::{Action, Event, Token};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// The tokens that are open between the host and one session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tokens {
    /// Of appends and of questions, which share their numbers.
    appends: HashSet<Token>,
    deliveries: HashSet<Token>,
}

/// A token that was used against the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// An `append` or an `ask` with the token of one that is under way.
    AppendReused(Token),
    /// A `settle` of a delivery that is not under way.
    SettledNothing(Token),
}

impl Tokens {
    /// Follows what the host tells the session.
    pub(crate) fn told(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Appended((token, _)) | Event::Answered((token, _)) => {
                    self.appends.remove(token);
                }
                Event::Deliver((token, _)) => {
                    self.deliveries.insert(*token);
                }
                _ => {}
            }
        }
    }

    /// Follows what the session says in return, up to its first mistake.
    pub(crate) fn said(&mut self, actions: &[Action]) -> Result<(), Misuse> {
        for action in actions {
            match action {
                Action::Append((token, _)) | Action::Ask((token, _)) if !self.appends.insert(*token) => {
                    return Err(Misuse::AppendReused(*token));
                }
                Action::Settle((token, _)) if !self.deliveries.remove(token) => return Err(Misuse::SettledNothing(*token)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misuse::AppendReused(token) => write!(f, "appended or asked with token {token}, which is under way already"),
            Misuse::SettledNothing(token) => write!(f, "settled token {token}, which is not under way"),
        }
    }
}
