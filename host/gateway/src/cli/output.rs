//! Standard output of a command: text for people, or the admin API's JSON for programs.

use super::{
    client::Server,
    moment,
    table::{Column, fields, table},
};
use serde_json::Value;
use std::io::{ErrorKind, Write as _, stdout};

/// Shows a list: under headings, or this sentence if there is nothing in it.
pub fn list(server: &Server, answer: &Value, columns: &[Column], empty: &str) -> Result<(), String> {
    let rows = answer.as_array().map_or(&[][..], Vec::as_slice);
    either(server, answer, || match rows {
        [] => format!("{empty}\n"),
        rows => table(rows, columns, moment::now()),
    })
}

/// Shows one thing: a field a line.
pub fn one(server: &Server, answer: &Value, columns: &[Column]) -> Result<(), String> {
    either(server, answer, || fields(answer, columns, moment::now()))
}

/// Shows that something is done: this sentence.
pub fn done(server: &Server, answer: &Value, sentence: &str) -> Result<(), String> {
    either(server, answer, || format!("{sentence}\n"))
}

/// Shows what the API answered, or what is made of it for people.
pub fn either(server: &Server, answer: &Value, text: impl FnOnce() -> String) -> Result<(), String> {
    match (server.json, answer) {
        (false, _) => print(&text()),
        (true, Value::Null) => Ok(()),
        (true, answer) => print(&format!("{answer:#}\n")),
    }
}

/// Writes to standard output. Whoever reads no further (`| head`) has read enough.
pub fn print(text: &str) -> Result<(), String> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("failed to write to standard output: {error}")),
        _ => Ok(()),
    }
}
