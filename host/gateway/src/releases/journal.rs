//! What a tenant's releases were and are: one page a world, kept on disk so that a restart finds the same ones in use. A value;
//! who writes it where is another file's.

use super::{
    trial::Trial,
    world::{EachWorld, World},
};
use crate::{config::Translator, limits::RELEASES_KEPT};
use edgebind_runtime::message::Setting;
use serde::{Deserialize, Serialize};

/// Every release of a tenant that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// A page a world.
    #[serde(flatten)]
    pub pages: EachWorld<Page>,
}

/// The releases of one world, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The settings that the tenant's document had when it was last looked at; when it has others, they make a release.
    pub document: Vec<Setting>,
    /// The component that the document named then; when it names another, that makes a release. None is the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The releases.
    pub entries: Vec<Entry>,
}

/// One release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which it is; later ones have higher numbers.
    pub revision: u64,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// The name of the component, if it came with the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builtin: Option<String>,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// When it was deployed, in milliseconds of Unix time.
    pub at: u64,
    /// When it was last put to use, if it was.
    #[serde(default)]
    pub used_since: Option<u64>,
    /// By whom it was deployed.
    pub by: String,
    /// What it is now.
    pub state: State,
    /// How it came to be what it is, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How it is tried, while it is on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// What a release is to its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum State {
    /// New calls and new binds get it.
    #[serde(rename = "in use")]
    InUse,
    /// A share gets it, or it is compared.
    #[serde(rename = "trial")]
    OnTrial,
    /// Rolling back goes to it.
    #[serde(rename = "before")]
    Before,
    /// It was in use, or on trial.
    #[serde(rename = "retired")]
    Retired,
    /// It was rolled back: by its faults, or by somebody.
    #[serde(rename = "rolled back")]
    RolledBack,
}

/// Which revisions of a slot are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// In use.
    pub in_use: u64,
    /// On trial.
    pub on_trial: Option<u64>,
    /// To go back to.
    pub before: Option<u64>,
}

impl Journal {
    /// Every digest of a component that it names and that did not come with the gateway.
    pub fn digests(&self) -> impl Iterator<Item = &str> {
        World::ALL
            .into_iter()
            .flat_map(|world| &self.pages.of(world).entries)
            .filter(|entry| entry.builtin.is_none())
            .map(|entry| entry.digest.as_str())
    }
}

impl Page {
    /// Whether this document says something else than the one that was last looked at.
    pub fn is_behind(&self, component: &str, document: &[Setting]) -> bool {
        self.names_another(component) || self.document != document
    }

    /// Whether this component is another than the one that was named then.
    pub fn names_another(&self, component: &str) -> bool {
        match &self.component {
            Some(named) => named != component,
            // Before there was a choice.
            None => component != "session" && component != Translator::default().name(),
        }
    }

    /// Remembers what the document says, by which no more releases are made until it says something else.
    pub fn follow(&mut self, component: &str, document: Vec<Setting>) {
        self.component = Some(component.to_owned());
        self.document = document;
    }

    /// The number of the next release.
    pub fn next_revision(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.revision) + 1
    }

    /// The release in this state, the latest if there were several.
    pub fn in_state(&self, state: State) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.state == state)
    }

    /// Remembers one release more, and forgets the oldest that are nothing any more.
    pub fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
        while self.entries.len() > RELEASES_KEPT {
            let is_past = |entry: &Entry| matches!(entry.state, State::Retired | State::RolledBack);
            let Some(oldest) = self.entries.iter().position(is_past) else {
                return;
            };
            self.entries.remove(oldest);
        }
    }

    /// From now on these are what they are called; what was one of them and is not is retired.
    pub fn stand(&mut self, standing: Standing, now: u64) {
        for entry in &mut self.entries {
            let revision = Some(entry.revision);
            let state = if revision == Some(standing.in_use) {
                State::InUse
            } else if revision == standing.on_trial {
                State::OnTrial
            } else if revision == standing.before {
                State::Before
            } else if entry.state == State::RolledBack {
                State::RolledBack
            } else {
                State::Retired
            };
            if state == State::InUse && entry.state != State::InUse {
                entry.used_since = Some(now);
            }
            if state != State::OnTrial {
                entry.trial = None;
            }
            entry.state = state;
        }
    }

    /// A release was rolled back.
    pub fn rolled_back(&mut self, revision: u64, why: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.revision == revision) {
            entry.state = State::RolledBack;
            entry.why = Some(why.to_owned());
            entry.trial = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(revision: u64) -> Entry {
        Entry {
            revision,
            digest: format!("{revision:064x}"),
            builtin: (revision == 1).then(|| "smsgate".into()),
            settings: Vec::new(),
            at: revision,
            used_since: None,
            by: "admin".into(),
            state: State::Retired,
            why: None,
            trial: None,
        }
    }

    fn standing(in_use: u64, on_trial: Option<u64>, before: Option<u64>) -> Standing {
        Standing {
            in_use,
            on_trial,
            before,
        }
    }

    /// `1:retired 2:before 3:in use`
    fn shown(page: &Page) -> String {
        let entries: Vec<String> = page
            .entries
            .iter()
            .map(|entry| {
                format!(
                    "{}:{}",
                    entry.revision,
                    serde_json::to_string(&entry.state).unwrap().replace('"', "")
                )
            })
            .collect();
        entries.join(" ")
    }

    #[test]
    fn releases_come_and_go() {
        let mut page = Page::default();
        page.add(entry(1));
        page.stand(standing(1, None, None), 1);
        assert_eq!(page.next_revision(), 2);
        page.add(entry(2));
        page.stand(standing(2, None, Some(1)), 2);
        page.add(entry(3));
        page.stand(standing(2, Some(3), Some(1)), 3);
        assert_eq!(shown(&page), "1:before 2:in use 3:trial");
        page.stand(standing(3, None, Some(2)), 4);
        assert_eq!(shown(&page), "1:retired 2:before 3:in use");
        page.rolled_back(3, "3 faults within 60 s");
        page.stand(standing(2, None, None), 5);
        assert_eq!(shown(&page), "1:retired 2:in use 3:rolled back");
        assert_eq!(page.entries[1].used_since, Some(5));
        assert_eq!(page.next_revision(), 4, "a number is never used twice");
    }

    #[test]
    fn the_oldest_are_forgotten_but_not_those_that_are_something() {
        let mut page = Page::default();
        page.add(entry(1));
        page.stand(standing(1, None, None), 1);
        for revision in 2..=100 {
            page.add(entry(revision));
            page.stand(standing(1, Some(revision), None), revision);
        }
        assert_eq!(page.entries.len(), RELEASES_KEPT);
        assert_eq!(page.in_state(State::InUse).unwrap().revision, 1);
        assert_eq!(page.in_state(State::OnTrial).unwrap().revision, 100);
    }

    #[test]
    fn another_component_is_news_as_other_settings_are() {
        let mut page = Page::default();
        assert!(!page.is_behind("smsgate", &[]) && !page.is_behind("session", &[]));
        assert!(page.is_behind("vonage", &[]));
        page.follow("vonage", vec![("from".into(), "ACME".into())]);
        assert!(page.is_behind("vonage", &[]));
        assert!(!page.is_behind("vonage", &[("from".into(), "ACME".into())]));
        assert!(page.is_behind("smsgate", &[("from".into(), "ACME".into())]));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut journal = Journal::default();
        journal.pages.session.document = vec![("window".into(), "10".into())];
        journal.pages.translator.add(entry(1));
        journal.pages.translator.add(Entry {
            trial: Some(Trial::Shadow),
            ..entry(2)
        });
        journal.pages.translator.stand(standing(1, Some(2), None), 9);
        let text = serde_json::to_string(&journal).unwrap();
        assert_eq!(serde_json::from_str::<Journal>(&text).unwrap(), journal);
        assert_eq!(
            journal.digests().collect::<Vec<_>>(),
            [format!("{:064x}", 2)],
            "built-ins are not on the disk"
        );
    }
}
