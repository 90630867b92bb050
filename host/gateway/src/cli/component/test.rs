//! `edgebind component test`: cases played on a component, and what it did that was not expected.

use super::{
    super::output,
    cases::{
        difference::{Difference, is_as_expected},
        file::{Case, File, Step, rewritten},
        scene::{Stage, play},
    },
    junit,
    sandbox::{Allowed, Guest},
};
use clap::Args;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Play cases on a component, in the sandbox and the limits that it has in a gateway, and show what is not as expected
#[derive(Debug, Args)]
pub struct Test {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Files of cases, or folders of them
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// Write into the files what the component does: read what changed before you keep it
    #[arg(long)]
    update: bool,
    /// Save the session and go on with another after every call; what it asks to be woken for is not compared
    #[arg(long, conflicts_with = "update")]
    moved: bool,
    /// Write the results here too, as JUnit does
    #[arg(long, value_name = "FILE.xml")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    allowed: Allowed,
}

/// What became of one case.
pub struct Played {
    pub file: PathBuf,
    pub name: String,
    /// What was not as expected; nothing if all was.
    pub wrong: Option<String>,
}

impl Test {
    pub fn run(self) -> Result<(), String> {
        let guest = Guest::of(&self.file, self.allowed)?;
        let mut stage = guest.stage(self.moved);
        let mut played = Vec::new();
        let mut text = String::new();
        for path in files(&self.cases)? {
            let of_file = self.file(&mut *stage, &path)?;
            let (all, wrong) = (of_file.len(), of_file.iter().filter(|case| case.wrong.is_some()).count());
            let _ = match wrong {
                0 => writeln!(text, "{}: {} as expected", path.display(), cases(all)),
                wrong => writeln!(text, "{}: {wrong} of {} not as expected", path.display(), cases(all)),
            };
            for case in &of_file {
                text.push_str(case.wrong.as_deref().unwrap_or_default());
            }
            played.extend(of_file);
        }
        output::print(&text)?;
        if let Some(path) = &self.junit {
            fs::write(path, junit::document(&played)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        match played.iter().filter(|case| case.wrong.is_some()).count() {
            0 if played.is_empty() => Err("there is no case in these files: a case begins with `== its name`".into()),
            0 => Ok(()),
            wrong => Err(format!(
                "{wrong} of {} not as expected (- expected, + done); --update accepts what is done",
                cases(played.len())
            )),
        }
    }

    fn file(&self, stage: &mut dyn Stage, path: &Path) -> Result<Vec<Played>, String> {
        let at = |error: String| format!("{}: {error}", path.display());
        let written = fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
        let file = File::read(&written, stage.grouping()).map_err(at)?;
        let mut all_done = Vec::new();
        let mut played = Vec::new();
        for case in &file.cases {
            let done = play(stage, &file, case).map_err(at)?;
            let wrong = wrong(case, &done, self.moved);
            played.push(Played {
                file: path.to_owned(),
                name: case.name.clone(),
                wrong: wrong.filter(|_| !self.update),
            });
            all_done.extend(done);
        }
        let update = rewritten(&file, &all_done);
        if self.update && update != written {
            fs::write(path, update).map_err(|error| at(error.to_string()))?;
        }
        Ok(played)
    }
}

/// What is not as expected, for a person to read.
fn wrong(case: &Case, done: &[Vec<String>], moved: bool) -> Option<String> {
    let calls = case.steps.iter().filter_map(|step| match step {
        Step::Call(call) => Some(call),
        Step::Scene(_) => None,
    });
    let mut text = String::new();
    for (call, did) in calls.zip(done) {
        // A session that was moved asks anew to be woken.
        let told = |lines: &[String]| -> Vec<String> {
            let asks = |line: &&String| !moved || !line.starts_with("wake-at");
            lines.iter().filter(asks).cloned().collect()
        };
        let (expected, did) = (told(&call.expected), told(did));
        if is_as_expected(&expected, &did) {
            continue;
        }
        if text.is_empty() {
            let _ = writeln!(text, "\n== {}", case.name);
        }
        let line = call.told.first().map_or(case.line, |line| line.number);
        let _ = writeln!(text, "line {line}");
        for line in &call.told {
            let _ = writeln!(text, "    {}", line.text);
        }
        for difference in Difference::between(&expected, &did) {
            let _ = match difference {
                Difference::Same(line) => writeln!(text, "    < {line}"),
                Difference::Less(line) => writeln!(text, "  - < {line}"),
                Difference::More(line) => writeln!(text, "  + < {line}"),
            };
        }
    }
    (!text.is_empty()).then(|| text + "\n")
}

/// The files named, and those of the folders named, in the order of their names.
pub fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut entries = fs::read_dir(path)
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(failed)?;
        entries.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        entries.sort();
        if entries.is_empty() {
            return Err(format!("{}: no cases are there: their files end in .txt", path.display()));
        }
        files.extend(entries);
    }
    Ok(files)
}

fn cases(number: usize) -> String {
    match number {
        1 => "1 case".into(),
        number => format!("{number} cases"),
    }
}
