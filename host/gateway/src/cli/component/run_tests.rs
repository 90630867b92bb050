//! `edgebind component run-tests`: what cargo runs a program of wasm32-wasip2 with, its unit tests above all. One process and one instance
//! for each run; with nextest that is one for each test.

use clap::Args;
use edgebind_runtime::{Ended, run_program};
use std::{env, fs, path::PathBuf, process::ExitCode};

/// Run a program built for wasm32-wasip2, such as unit tests, with nothing around it: set
/// CARGO_TARGET_WASM32_WASIP2_RUNNER="edgebind component run-tests" and run `cargo nextest run --target wasm32-wasip2`
#[derive(Debug, Args)]
pub struct RunTests {
    /// The program
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl RunTests {
    /// Its own exit code is ours.
    pub fn run(self) -> Result<ExitCode, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.file.display());
        let octets = fs::read(&self.file).map_err(|error| failed(&error))?;
        let name = self.file.display().to_string();
        let args: Vec<String> = std::iter::once(name).chain(self.args.clone()).collect();
        // Beside what cargo built, where `cargo clean` finds it.
        let kept = self
            .file
            .parent()
            .map_or_else(env::temp_dir, |folder| folder.join("edgebind"));
        match run_program(&octets, &args, &kept).map_err(|error| failed(&error))? {
            Ended::Exit(code) => Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)),
            Ended::Failed => Ok(ExitCode::FAILURE),
        }
    }
}
