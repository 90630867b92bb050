//! The habits of real clients that are known are numbered, and each has a test whose name begins with its number: `q7_…`, or
//! `== q7 …` where tests are transcripts.

use std::fs;
use std::path::Path;

use edgebind_tests::program;

/// How many are known.
const QUIRKS: usize = 22;

#[test]
fn every_quirk_has_a_test_named_after_it() {
    let mut tests = Vec::new();
    for room in ["guest-components", "host", "tests"] {
        names(&program::workspace().join(room), &mut tests);
    }
    let missing: Vec<_> = (1..=QUIRKS)
        .filter(|number| {
            let prefix = format!("q{number}_");
            !tests.iter().any(|name| name.starts_with(&prefix))
        })
        .collect();
    assert!(missing.is_empty(), "no test is named after quirk {missing:?}");
}

/// The names of all tests below a folder.
fn names(folder: &Path, tests: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, tests);
            continue;
        }
        let start = match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => "fn ",
            Some("txt") => "== ",
            _ => continue,
        };
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches("async "));
        let names = lines.filter_map(|line| line.strip_prefix(start));
        tests.extend(names.map(|name| name.replace(' ', "_")));
    }
}
