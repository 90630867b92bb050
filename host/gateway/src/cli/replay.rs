//! `edgebind replay`: recordings run again, here, with nobody else there: what another component, or other settings, would have done.

use super::{document, output};
use crate::{
    components::{self, Builtin},
    recordings::frames::Pdus,
};
use clap::Args;
use edgebind_runtime::{
    Engine, Limits, SessionComponent, TranslatorComponent, World, inspect,
    message::Setting,
    recording::{Guest, Recorded, Replayed, Turn, Work, replay},
};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Run recordings again and say what would have been different; nothing is sent anywhere. Exits with 1 if anything would
#[derive(Debug, Args)]
pub struct Replay {
    /// What `edgebind recordings get` has fetched; `-` is standard input
    file: PathBuf,
    /// Components to run them on, a session, a translator or both [default: those that come with this program; of its translators
    /// the one that was recorded, or SMSGate's where none of them was]
    #[arg(long, value_name = "COMPONENT.wasm")]
    with: Vec<PathBuf>,
    /// Settings instead of those recorded, TOML or JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Print an object of JSON for each recording
    #[arg(long)]
    json: bool,
}

/// What recordings run on.
struct Guests {
    builtin: Builtin,
    /// Instead of one that comes with the program.
    session: Option<SessionComponent>,
    translator: Option<TranslatorComponent>,
}

impl Replay {
    /// Runs them.
    pub fn run(self) -> Result<(), String> {
        let settings = self.settings.as_deref().map(settings).transpose()?;
        let text = document::text(&self.file)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let recordings = lines
            .map(|(at, line)| Recorded::from_line(line).map_err(|error| format!("{}:{}: {error}", self.file.display(), at + 1)))
            .collect::<Result<Vec<_>, _>>()?;
        let guests = Guests::load(&self.with)?;
        let mut differing = 0;
        for (index, mut recorded) in recordings.into_iter().enumerate() {
            if let Some(settings) = &settings {
                set(&mut recorded.work, settings);
            }
            let replayed = guests.replay(&recorded)?;
            differing += usize::from(!replayed.is_same());
            output::print(&if self.json {
                format!(
                    "{}\n",
                    json!({ "recording": index + 1, "at": recorded.at, "replayed": replayed })
                )
            } else {
                shown(index + 1, &recorded, &replayed)
            })?;
        }
        match differing {
            0 => Ok(()),
            1 => Err("one recording would be different".into()),
            more => Err(format!("{more} recordings would be different")),
        }
    }
}

impl Guests {
    /// Those of the program, but for these.
    fn load(with: &[PathBuf]) -> Result<Self, String> {
        let limits = Limits::default();
        let engine = Engine::new(&limits).map_err(|error| error.to_string())?;
        let mut guests = Self {
            builtin: components::load(&engine)?,
            session: None,
            translator: None,
        };
        for path in with {
            let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let octets = fs::read(path).map_err(|error| failed(&error))?;
            let shape = inspect(&octets, limits.component_bytes_max).map_err(|error| failed(&error))?;
            match shape.world {
                World::Session => {
                    guests.session = Some(SessionComponent::load(&engine, &octets).map_err(|error| failed(&error))?);
                }
                World::Translator => {
                    guests.translator = Some(TranslatorComponent::load(&engine, &octets).map_err(|error| failed(&error))?);
                }
            }
        }
        Ok(guests)
    }

    /// The one that is given, else the program's own of this digest, else SMSGate's.
    fn translator(&self, digest: &str) -> Result<TranslatorComponent, String> {
        match &self.translator {
            Some(given) => Ok(given.clone()),
            None => self
                .builtin
                .translator(self.builtin.translator_of(digest).unwrap_or_default()),
        }
    }

    fn replay(&self, recorded: &Recorded) -> Result<Replayed, String> {
        let translator;
        let guest = match recorded.world() {
            World::Session => Guest::Session(self.session.as_ref().unwrap_or(&self.builtin.session)),
            World::Translator => {
                translator = self.translator(&recorded.digest)?;
                Guest::Translator(&translator)
            }
        };
        replay(recorded, guest, &Pdus).map_err(|error| format!("failed to replay: {error}"))
    }
}

/// Settings as a component gets them: text.
fn settings(path: &Path) -> Result<Vec<Setting>, String> {
    let Value::Object(settings) = document::settings(path)? else {
        return Ok(Vec::new());
    };
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(settings.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// Has a piece of work done with other settings.
fn set(work: &mut Work, settings: &[Setting]) {
    match work {
        Work::Operation(operated) => {
            for call in &mut operated.calls {
                call.context.settings = settings.to_vec();
            }
        }
        Work::Webhook(heard) => heard.context.settings = settings.to_vec(),
        Work::Bind(bound) => {
            bound.config.settings = settings.to_vec();
            for turn in &mut bound.turns {
                if let Turn::Moved { config, .. } = turn {
                    config.settings = settings.to_vec();
                }
            }
        }
    }
}

fn shown(number: usize, recorded: &Recorded, replayed: &Replayed) -> String {
    let kind = match recorded.work {
        Work::Operation(_) => "operation",
        Work::Webhook(_) => "webhook",
        Work::Bind(_) => "bind",
    };
    let verdict = if replayed.is_same() { "the same" } else { "different" };
    let mut text = format!("{number} {kind} of release {}: {verdict}\n", recorded.revision);
    for difference in &replayed.differences {
        let _ = writeln!(
            text,
            "  {}\n    was    {}\n    would  {}",
            difference.at, difference.before, difference.after
        );
    }
    if replayed.more {
        text.push_str("  and more\n");
    }
    if let Some(fault) = &replayed.fault {
        let _ = writeln!(text, "  fault at {fault}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgebind_runtime::{
        recording::{Heard, remake},
        translator::{Context, WebhookRequest},
    };

    /// A webhook that nobody would know, as the built-in translator hears it.
    fn recorded() -> Recorded {
        let context = Context {
            now: 1_763_850_000_000,
            tenant: "acme".into(),
            account: "esme01".into(),
            settings: vec![("api_base_url".into(), "http://127.0.0.1:9".into())],
            secrets: Vec::new(),
            key: "k".into(),
            attempt: 1,
            webhook_url: None,
            memo: None,
        };
        let request = WebhookRequest {
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            headers: Vec::new(),
            body: b"{}".to_vec(),
        };
        let hearing = Err("not heard yet".to_owned());
        let guests = Guests::load(&[]).unwrap();
        let translator = guests.translator("").unwrap();
        let guest = Guest::Translator(&translator);
        let work = Work::Webhook(Heard {
            context,
            request,
            hearing,
        });
        let mut recorded = Recorded::new(1_763_850_000_000, guest, 3, work);
        remake(&mut recorded, guest).unwrap();
        recorded
    }

    fn replay_of(text: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recording");
        fs::write(&file, text).unwrap();
        let replay = Replay {
            file,
            with: Vec::new(),
            settings: None,
            json: false,
        };
        replay
            .run()
            .map_err(|error| error.replace(&folder.path().display().to_string(), "."))
    }

    #[test]
    fn what_would_be_the_same_is_told_from_what_would_not() {
        let same = recorded();
        let mut other = same.clone();
        let Work::Webhook(heard) = &mut other.work else {
            unreachable!("a webhook was recorded");
        };
        heard.hearing = Err("trapped: unreachable".into());
        assert_eq!(replay_of(&format!("{}\n", same.to_line())), Ok(()));
        assert_eq!(
            replay_of(&format!("{}\n\n{}\n", same.to_line(), other.to_line())),
            Err("one recording would be different".into())
        );
        let refused = replay_of(&format!("{}\nPK", same.to_line())).unwrap_err();
        assert!(refused.starts_with("./recording:2: no recording: "), "{refused}");
    }

    #[test]
    fn differences_are_shown_was_and_would() {
        let replayed = Replayed {
            differences: vec![edgebind_runtime::recording::Difference {
                at: "begin.exchange.request.headers[2]".into(),
                before: "smsgate/1".into(),
                after: "smsgate/2".into(),
            }],
            more: true,
            fault: Some("resume 1: trapped".into()),
            own: 0,
        };
        assert_eq!(
            shown(7, &recorded(), &replayed),
            "7 webhook of release 3: different\n  begin.exchange.request.headers[2]\n    was    smsgate/1\n    would  smsgate/2\n  \
             and more\n  fault at resume 1: trapped\n"
        );
    }

    #[test]
    fn other_settings_are_given_to_every_call() {
        let Work::Webhook(heard) = &mut recorded().work else {
            unreachable!("a webhook was recorded");
        };
        let mut work = Work::Webhook(heard.clone());
        set(&mut work, &[("a".into(), "1".into())]);
        assert!(matches!(work, Work::Webhook(heard) if heard.context.settings == [("a".into(), "1".into())]));
    }
}
