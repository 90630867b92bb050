//! The tests that there are: functions in the sources of the repository, and pages of transcripts. A page that names another is
//! wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::words::Words;

pub(crate) struct Proofs(BTreeSet<String>);

impl Proofs {
    /// Everything that may be named.
    pub(crate) fn of_the_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut names = BTreeSet::new();
        for place in ["guest-components", "host", "tests"] {
            collect(&root.join(place), &mut names);
        }
        Self(names)
    }

    /// The names as the page shows them.
    pub(crate) fn list(&self, words: &Words) -> String {
        let names = words.shown_by.iter().map(|name| {
            self.check(name);
            format!("`{name}`")
        });
        names.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn check(&self, name: &str) {
        assert!(self.0.contains(name), "no test is called {name}");
    }
}

fn collect(place: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                collect(&path, names);
            }
        } else if extension == Some("rs") {
            names.extend(functions(&fs::read_to_string(&path).unwrap()));
        } else if extension == Some("txt") && place.ends_with("session/cases") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
}

/// The names behind `fn` at the beginning of a line.
fn functions(source: &str) -> impl Iterator<Item = String> {
    source.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let line = line.strip_prefix("async ").unwrap_or(line);
        let name = line.strip_prefix("fn ")?;
        Some(name.split(['(', '<']).next()?.to_owned())
    })
}
