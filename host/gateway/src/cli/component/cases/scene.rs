//! What a component of either world finds around it in a case, and what the world's stage does with the lines of one.

use super::{
    file::{Case, File, Grouping, Line, Step},
    words::{Words, unescaped},
};
use edgebind_runtime::message::Setting;
use std::sync::{Arc, Mutex};

/// When every case begins, unless it says otherwise: 2026-01-02T15:04:05Z.
pub const BEGIN: u64 = 1_767_366_245_000;

/// Lines that a guest has written since they were taken.
pub type Said = Arc<Mutex<Vec<String>>>;

/// Where a component of one world plays a case.
pub trait Stage {
    /// Which lines are one call.
    fn grouping(&self) -> Grouping;

    /// Back to where every case begins.
    fn clear(&mut self);

    /// A line that sets the scene.
    fn set(&mut self, words: &Words) -> Result<(), String>;

    /// What the component does when it is told this: a line each.
    fn tell(&mut self, told: &[&str]) -> Result<Vec<String>, String>;
}

/// What a component did in each call of a case.
pub fn play(stage: &mut dyn Stage, file: &File, case: &Case) -> Result<Vec<Vec<String>>, String> {
    stage.clear();
    let at = |line: &Line, error: String| format!("line {}: {error}", line.number);
    for line in file.preamble.iter().filter(|line| line.is_scene()) {
        stage.set(&Words::of(&line.text)).map_err(|error| at(line, error))?;
    }
    let mut done = Vec::new();
    for step in &case.steps {
        match step {
            Step::Scene(line) if line.is_scene() => stage.set(&Words::of(&line.text)).map_err(|error| at(line, error))?,
            Step::Scene(_) => {}
            Step::Call(call) => {
                let told: Vec<&str> = call.told.iter().map(Line::content).collect();
                let first = call.told.first();
                done.push(
                    stage
                        .tell(&told)
                        .map_err(|error| first.map_or(error.clone(), |line| at(line, error)))?,
                );
            }
        }
    }
    Ok(done)
}

/// Adds settings; one that is there gets its new value.
pub fn settle(settings: &mut Vec<Setting>, words: &Words) -> Result<(), String> {
    for (name, value) in words.pairs() {
        let value = String::from_utf8(unescaped(value)?).map_err(|_| format!("{name} is no text"))?;
        settings.retain(|(known, _)| known != name);
        settings.push((name.to_owned(), value));
    }
    Ok(())
}
