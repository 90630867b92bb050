//! `edgebind component bench`: what a component's cases cost, beside the built-in component of its world.

use super::{
    super::{super::components, output},
    cases::{
        file::{Case, File},
        scene::{Stage, play},
    },
    cost,
    sandbox::{self, Allowed, Guest},
    test::files,
};
use clap::Args;
use edgebind_runtime::{World, inspect};
use std::{fmt::Write as _, fs, path::PathBuf};

/// Measure what a component's cases cost, beside the component that is built in for its world
#[derive(Debug, Args)]
pub struct Bench {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Files of cases, or folders of them
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    #[command(flatten)]
    allowed: Allowed,
}

impl Bench {
    pub fn run(self) -> Result<(), String> {
        let (_, shape) = sandbox::read(&self.file)?;
        let builtin = match shape.world {
            World::Session => components::SESSION,
            World::Translator => components::SMSGATE,
        };
        let failed = |error: edgebind_runtime::LoadError| format!("the built-in component: {error}");
        let own_shape = inspect(builtin, usize::MAX).map_err(failed)?;
        let own = Guest::load(builtin, &own_shape, Allowed::default()).map_err(failed)?;
        let guest = Guest::of(&self.file, self.allowed)?;
        let mut text = format!("{:44} {:>12} {:>11}\n", "", "this", "built in");
        let mut row = |name: &str, this: &str, built_in: &str| {
            let name: String = name.chars().take(44).collect();
            let _ = writeln!(text, "{name:44} {this:>12} {built_in:>11}");
        };
        row(
            "an instance, entered once",
            &cost::shown(cost::instance(&guest)?),
            &cost::shown(cost::instance(&own)?),
        );
        let (mut stage, mut own_stage) = (guest.stage(false), own.stage(false));
        for path in files(&self.cases)? {
            let at = |error: String| format!("{}: {error}", path.display());
            let written = fs::read_to_string(&path).map_err(|error| at(error.to_string()))?;
            let file = File::read(&written, stage.grouping()).map_err(at)?;
            for case in &file.cases {
                // What the built-in component makes of cases that it was not written for still costs what a call costs.
                let own = per_call(&mut *own_stage, &file, case).map_or_else(|_| "-".to_owned(), cost::shown);
                let this = per_call(&mut *stage, &file, case).map_err(at)?;
                row(&case.name, &cost::shown(this), &own);
            }
        }
        row(
            "memory, at most",
            &cost::octets(guest.allowance.usage().memory_peak_bytes),
            &cost::octets(own.allowance.usage().memory_peak_bytes),
        );
        text.push_str("a case: processor and all, for each of its calls; medians\n");
        output::print(&text)
    }
}

/// The middle one of what the calls of a case take, each with its share.
fn per_call(stage: &mut dyn Stage, file: &File, case: &Case) -> Result<std::time::Duration, String> {
    let calls = play(stage, file, case)?.len();
    let calls = u32::try_from(calls).unwrap_or(u32::MAX).max(1);
    Ok(cost::median(|| play(stage, file, case).map(drop))? / calls)
}
