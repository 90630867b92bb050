//! Clients and toolchains that others wrote, fetched by their own package managers into cargo's target directory: once for all tests, and
//! never into the checkout or the machine. What cannot be fetched fails the test with a sentence that says what to do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program;

mod debian;
mod peers;
mod toolchains;

pub use debian::{Debian, kannel, net_smpp, tshark};
pub use peers::{jasmin, jasmin_resources, rabbitmq, redis, smpp34_server};
pub use toolchains::cargo_component;

/// The interpreter of a virtual environment with the pinned requirements of the clients.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        install_requirements("python", &sources("python/requirements.txt"), &["--only-binary=:all:"]).join("python")
    })
}

/// The programs of a virtual environment with pinned requirements, which pip may install in these formats.
fn install_requirements(name: &str, requirements: &Path, formats: &[&str]) -> PathBuf {
    let folder = once(name, &fs::read_to_string(requirements).unwrap(), |folder| {
        let help = "install Python 3.11 with its venv module (Debian: python3-venv)";
        run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(folder.join("venv")),
            help,
        );
        run(
            Command::new(folder.join("venv/bin/pip"))
                .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes"])
                .args(formats)
                .arg("--requirement")
                .arg(requirements),
            "the package index must be reachable by pip",
        );
    });
    folder.join("venv/bin")
}

/// A folder whose `esme.js` and `server.js` find the pinned packages beside them.
pub fn node() -> &'static Path {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    NODE.get_or_init(|| {
        let files = ["package.json", "package-lock.json", ".npmrc", "esme.js", "server.js"];
        let contents: Vec<String> = files
            .iter()
            .map(|name| fs::read_to_string(sources(&format!("node/{name}"))).unwrap())
            .collect();
        once("node", &contents.concat(), |folder| {
            for (name, content) in files.iter().zip(&contents) {
                fs::write(folder.join(name), content).unwrap();
            }
            run(
                Command::new("npm").args(["ci", "--silent"]).current_dir(folder),
                "install Node.js 18 or newer with npm; the package registry must be reachable by npm",
            );
        })
    })
}

/// Runs `provision` in a folder under the target directory unless that was done for the same `pins` before, by whatever
/// test process came first.
pub(crate) fn once(name: &str, pins: &str, provision: impl FnOnce(&Path)) -> PathBuf {
    let folder = program::folder(name);
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("provisioned-for");
    if fs::read_to_string(&done).is_ok_and(|last| last == pins) {
        return folder;
    }
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir_all(&folder).unwrap();
    provision(&folder);
    fs::write(done, pins).unwrap();
    folder
}

pub(crate) fn run(command: &mut Command, help: &str) {
    let output = command
        .output()
        .unwrap_or_else(|why| panic!("{command:?} cannot be started ({why}): {help}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {help}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A file of the clients' folder in the checkout.
pub fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}
