//! A session's cases: events in, actions out, on one machine from its bind to its end. The words of events are read in `events` and those of
//! actions written in `show`; appends and questions are numbered in the order in which they were made.

mod events;
mod frames;
mod requests;
mod show;

use super::{
    file::Grouping,
    scene::{BEGIN, Said, Stage, settle},
    words::Words,
};
use edgebind_runtime::{
    Fault, RestoreError, Session, SessionComponent,
    session::{Action, Config, Event, Token},
};
use std::mem;

/// Where a session plays.
pub struct SessionStage {
    component: SessionComponent,
    said: Said,
    /// It is saved and restored after every call.
    moved: bool,
    config: Config,
    session: Option<Session>,
    now: u64,
    /// Of appends and questions, by their number from 1.
    tokens: Vec<Token>,
}

impl SessionStage {
    /// With `moved`, the session is saved and another restored from it after every call, as often as a gateway ever could.
    pub fn new(component: SessionComponent, said: Said, moved: bool) -> Self {
        Self {
            component,
            said,
            moved,
            config: config(),
            session: None,
            now: BEGIN,
            tokens: Vec::new(),
        }
    }

    fn events(&mut self, lines: &[&str]) -> Result<Vec<String>, String> {
        let tokens = &self.tokens;
        let token = |number: u64| {
            usize::try_from(number)
                .ok()
                .and_then(|number| tokens.get(number.checked_sub(1)?).copied())
        };
        let events = lines
            .iter()
            .map(|line| events::event(line, token))
            .collect::<Result<Vec<_>, _>>()?;
        let told = self.told(&events);
        let said = mem::take(&mut *self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let mut lines: Vec<String> = said.into_iter().map(|line| format!("say {line}")).collect();
        match told {
            Ok(actions) => {
                let opened = actions.iter().filter_map(|action| match action {
                    Action::Append((token, _)) | Action::Ask((token, _)) => Some(*token),
                    _ => None,
                });
                self.tokens.extend(opened);
                // The latest of its token: one that was answered may be used again.
                let number = |token| {
                    self.tokens
                        .iter()
                        .rposition(|known| *known == token)
                        .map_or(0, |at| at as u64 + 1)
                };
                lines.extend(show::actions(&actions, number));
                if self.moved
                    && let Err(error) = self.go_on()
                {
                    lines.push(format!("fault: {error}"));
                }
            }
            Err(fault) => lines.push(format!("fault: {fault}")),
        }
        Ok(lines)
    }

    fn told(&mut self, events: &[Event]) -> Result<Vec<Action>, Fault> {
        if self.session.is_none() {
            self.session = Some(self.component.open(&self.config)?);
        }
        match &mut self.session {
            Some(session) => session.on_events(self.now, events),
            None => Err(Fault::Poisoned),
        }
    }

    /// On its successor, by the settings as they are now.
    fn go_on(&mut self) -> Result<(), RestoreError> {
        if let Some(session) = &mut self.session {
            let (moved, _) = session.move_to(&self.component, &self.config)?;
            self.session = Some(moved);
        }
        Ok(())
    }
}

impl Stage for SessionStage {
    fn grouping(&self) -> Grouping {
        Grouping::Events
    }

    fn clear(&mut self) {
        (self.config, self.session, self.now) = (config(), None, BEGIN);
        self.tokens.clear();
    }

    fn set(&mut self, words: &Words) -> Result<(), String> {
        match words.verb() {
            "settings" => settle(&mut self.config.settings, words)?,
            "tenant" => self.config.tenant = words.word(1).to_owned(),
            "account" => self.config.account = words.word(1).to_owned(),
            "@" => self.now = BEGIN.saturating_add(words.number(1)?),
            "given" => {
                let bind: Vec<String> = words.rest().iter().map(|word| word.text.clone()).collect();
                self.events(&[&format!("bound {}", bind.join(" "))])?;
            }
            "swap" => {
                settle(&mut self.config.settings, words)?;
                self.go_on().map_err(|error| format!("it does not go on: {error}"))?;
            }
            verb => {
                return Err(format!(
                    "{verb:?} is no word of a session's case: settings, tenant, account, @, given and swap are, and lines that begin with >, \
                     + or <"
                ));
            }
        }
        Ok(())
    }

    fn tell(&mut self, told: &[&str]) -> Result<Vec<String>, String> {
        if told.first().is_some_and(|line| Words::of(line).verb() == "check") {
            return Ok(match self.component.check(&self.config.settings) {
                Ok(mistakes) => mistakes,
                Err(fault) => vec![format!("fault: {fault}")],
            });
        }
        self.events(told)
    }
}

fn config() -> Config {
    Config {
        tenant: "tenant".to_owned(),
        account: "account".to_owned(),
        settings: Vec::new(),
    }
}
