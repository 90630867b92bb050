//! Runs cargo for the guest's core module, apart from any cargo that runs us.

use crate::{Error, Guest};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "guest";

/// LLVM inlines below this cost instead of its 225: a tenth less code, which Cranelift compiles in an eighth less time while
/// somebody waits for a deploy.
const INLINE_THRESHOLD: u32 = 60;

/// Builds the package's core module; returns where it lies.
pub(crate) fn build_module(workspace: &Path, target_dir: &Path, guest: &Guest<'_>) -> Result<PathBuf, Error> {
    let output = run(&mut command(workspace, target_dir, guest))?;
    if !output.status.success() {
        if !lacks_target(&output) {
            return Err(Error::Cargo {
                package: guest.package.into(),
                said: said(&output),
            });
        }
        add_target(workspace)?;
        let output = run(&mut command(workspace, target_dir, guest))?;
        if !output.status.success() {
            return Err(Error::Cargo {
                package: guest.package.into(),
                said: said(&output),
            });
        }
    }
    let module = guest.package.replace('-', "_");
    Ok(target_dir.join(TARGET).join(PROFILE).join(format!("{module}.wasm")))
}

fn command(workspace: &Path, target_dir: &Path, guest: &Guest<'_>) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace).args([
        "build",
        "--lib",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
        "--package",
        guest.package,
    ]);
    cargo.arg("--target-dir").arg(target_dir);
    let mut flags = vec![format!("-Cllvm-args=-inline-threshold={INLINE_THRESHOLD}")];
    // A panic names the file it stands in. What that is called on this machine is nobody's concern, and no part of the digest.
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    cargo.arg("--config").arg(format!("target.{TARGET}.rustflags = {flags:?}"));
    if !guest.features.is_empty() {
        cargo.arg("--features").arg(guest.features.join(","));
    }
    forget_outer(&mut cargo);
    cargo.envs(guest.env.iter().copied());
    cargo
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// What an outer cargo, rustc wrapper or coverage tool has set for itself must not reach the guest's build: it would change the
/// code, or make cargo wait for its own caller.
fn forget_outer(command: &mut Command) {
    const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_HTTP", "CARGO_NET", "CARGO_REGISTR", "CARGO_SOURCE"];
    const FOREIGN: [&str; 12] = [
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "OUT_DIR",
        "TARGET",
        "HOST",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
    ];
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let of_cargo = text.starts_with("CARGO_") && !KEPT.iter().any(|kept| text.starts_with(kept));
        if of_cargo || text.starts_with("LLVM_PROFILE") || text.starts_with("__CARGO") || FOREIGN.contains(&text) {
            command.env_remove(&name);
        }
    }
}

fn lacks_target(output: &Output) -> bool {
    // rustc says so: can't find crate for `core`, ... the target may not be installed.
    String::from_utf8_lossy(&output.stderr).contains("target may not be installed")
}

fn add_target(workspace: &Path) -> Result<(), Error> {
    let mut rustup = Command::new("rustup");
    // In the workspace, so that a toolchain that it pins gets the target.
    rustup.current_dir(workspace).args(["target", "add", TARGET]);
    match rustup.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Error::Target(said(&output))),
        Err(error) => Err(Error::Target(error.to_string())),
    }
}

fn run(command: &mut Command) -> Result<Output, Error> {
    command.output().map_err(Error::Start)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
