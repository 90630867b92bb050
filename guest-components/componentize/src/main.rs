//! `edgebind-componentize PACKAGE OUT.wasm [FEATURE...]`: builds one guest of this workspace into a component.

use edgebind_componentize::{Guest, build, workspace_above};
use std::{env, error::Error, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [package, out, features @ ..] = arguments.as_slice() else {
        eprintln!("usage: edgebind-componentize PACKAGE OUT.wasm [FEATURE...]");
        return ExitCode::from(2);
    };
    match run(package, out, features) {
        Ok(octets) => {
            println!("{out}: {octets} octets");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(package: &str, out: &str, features: &[String]) -> Result<u64, Box<dyn Error>> {
    let workspace = workspace_above(&env::current_dir()?)?;
    let features: Vec<&str> = features.iter().map(String::as_str).collect();
    let guest = Guest {
        package,
        features: &features,
        env: &[],
    };
    // `cargo run` holds its target directory until it has started us, no longer.
    let target_dir = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join("guests");
    let component = build(&workspace, &target_dir, &guest)?;
    fs::copy(&component, out).map_err(|error| format!("failed to write {out}: {error}").into())
}
