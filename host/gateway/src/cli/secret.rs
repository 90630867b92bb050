//! Where a secret for the gateway comes from: never from an argument, which everybody on the machine can list.

use clap::Args;
use std::{
    env, fs,
    io::{IsTerminal as _, Read as _, Write as _, stderr, stdin},
    path::{Path, PathBuf},
};

/// Octets of a password in SMPP.
const PASSWORD_OCTETS: usize = 8;
/// Without l, o, 0 and 1, which look alike on paper: 32, so that each is as likely as any other.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Where a password comes from: standard input, unless something else is said.
#[derive(Clone, Debug, Args)]
pub struct PasswordSource {
    /// A file that holds the password [default: standard input]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Make one of 8 random characters, and show it this once
    #[arg(long, conflicts_with = "password_file")]
    generate: bool,
}

/// A password.
pub struct Password {
    /// The password itself.
    pub text: String,
    /// Whether nobody knows it yet.
    pub is_new: bool,
}

impl PasswordSource {
    /// The password.
    pub fn read(&self) -> Result<Password, String> {
        let known = |text| Password { text, is_new: false };
        if self.generate {
            return Ok(Password {
                text: generated(rand::random),
                is_new: true,
            });
        }
        match (&self.password_file, env::var("EDGEBIND_PASSWORD").ok()) {
            (Some(path), _) => of_file(path).map(known),
            (None, Some(text)) => Ok(known(text)),
            (None, None) => of_stdin(
                "no password: write it to standard input, name a file with --password-file, set EDGEBIND_PASSWORD, or let \
                          one be made with --generate",
            )
            .map(known),
        }
    }
}

impl Password {
    /// Shows it, the only time that anybody can see it, if it was made here: on standard error, which no JSON is read from.
    pub fn show_if_new(&self) -> Result<(), String> {
        if self.is_new {
            let mut out = stderr().lock();
            writeln!(out, "password: {}", self.text).map_err(|error| format!("failed to show the password: {error}"))?;
        }
        Ok(())
    }
}

/// What a file holds.
pub fn of_file(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
    without_line_ending(&text).ok_or_else(|| format!("{} is empty", path.display()))
}

/// What standard input holds; where a person would have to type it for everybody to see, this is said instead.
pub fn of_stdin(otherwise: &str) -> Result<String, String> {
    if stdin().is_terminal() {
        return Err(otherwise.to_owned());
    }
    let mut text = String::new();
    stdin()
        .read_to_string(&mut text)
        .map_err(|error| format!("failed to read standard input: {error}"))?;
    without_line_ending(&text).ok_or_else(|| otherwise.to_owned())
}

/// As editors and `echo` write it: the line ending is no part of it.
fn without_line_ending(text: &str) -> Option<String> {
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| text.to_owned())
}

/// One of 2^40 passwords.
fn generated(random: impl FnOnce() -> [u8; PASSWORD_OCTETS]) -> String {
    let letters = random().map(|octet| LETTERS[usize::from(octet) % LETTERS.len()]);
    letters.iter().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_a_generated_password_is_as_likely_as_any_other() {
        let mut counts = [0; 128];
        for octet in 0..=u8::MAX {
            let text = generated(|| [octet; PASSWORD_OCTETS]);
            assert_eq!(text.len(), PASSWORD_OCTETS);
            counts[usize::from(text.as_bytes()[0])] += 1;
        }
        let counts: Vec<i32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(counts, [8; 32]);
    }

    #[test]
    fn the_line_ending_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (content, expected) in [("secret08", "secret08"), ("secret08\n", "secret08"), ("a b \r\n", "a b ")] {
            fs::write(&path, content).unwrap();
            assert_eq!(of_file(&path), Ok(expected.to_owned()));
        }
        fs::write(&path, "\n").unwrap();
        assert_eq!(of_file(&path), Err(format!("{} is empty", path.display())));
    }
}
