//! Clients that others wrote, fetched by their own package managers into cargo's target directory: once for all tests, and
//! never into the checkout or the machine. What cannot be fetched fails the test with a sentence that says what to do.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program;

const KANNEL_VERSION: &str = "1.4.5-12";

/// The interpreter of a virtual environment with the pinned requirements.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let requirements = sources("python/requirements.txt");
        let folder = once("python", &fs::read_to_string(&requirements).unwrap(), |folder| {
            let help = "install Python 3 with its venv module (Debian: python3-venv)";
            run(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(folder.join("venv")),
                help,
            );
            run(
                Command::new(folder.join("venv/bin/pip"))
                    .args([
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                        "--require-hashes",
                        "--requirement",
                    ])
                    .arg(&requirements),
                "the package index must be reachable by pip",
            );
        });
        folder.join("venv/bin/python")
    })
}

/// A folder whose `esme.js` finds the pinned packages beside it.
pub fn node() -> &'static Path {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    NODE.get_or_init(|| {
        let files = ["package.json", "package-lock.json", ".npmrc", "esme.js"];
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

/// Kannel's boxes and the libraries that they need.
pub struct Kannel {
    /// The bearerbox program.
    pub bearerbox: PathBuf,
    /// The smsbox program.
    pub smsbox: PathBuf,
    /// LD_LIBRARY_PATH: what Kannel needs and this machine has not installed.
    pub libraries: OsString,
}

/// Debian's Kannel, unpacked and not installed: the package would start its boxes, and this way nobody needs to be root.
pub fn kannel() -> &'static Kannel {
    static KANNEL: OnceLock<Kannel> = OnceLock::new();
    KANNEL.get_or_init(|| {
        let folder = once("kannel", KANNEL_VERSION, |folder| {
            let packages = kannel_packages();
            let help = "the Debian mirror must be reachable by apt-get";
            // Run as root, apt-get would like to download as a user who cannot write here, and warns that it does not.
            run(
                Command::new("apt-get")
                    .args(["-qq", "-o", "APT::Sandbox::User=root", "download"])
                    .args(&packages)
                    .current_dir(folder),
                help,
            );
            for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if file.extension().is_some_and(|extension| extension == "deb") {
                    run(
                        Command::new("dpkg").arg("--extract").arg(file).arg(folder),
                        "dpkg unpacks Debian's packages",
                    );
                }
            }
        });
        let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
        let libraries = ["usr/lib", "lib"].map(|lib| folder.join(lib).join(&triplet));
        Kannel {
            bearerbox: folder.join("usr/sbin/bearerbox"),
            smsbox: folder.join("usr/sbin/smsbox"),
            libraries: std::env::join_paths(libraries).unwrap(),
        }
    })
}

/// Kannel and what it needs that this machine lacks, by apt-get's own reckoning.
fn kannel_packages() -> Vec<String> {
    let simulate = || {
        let output = Command::new("apt-get")
            .args(["install", "--simulate", "--no-install-recommends", "--reinstall"])
            .arg(format!("kannel={KANNEL_VERSION}"))
            .output()
            .expect("the Kannel scenarios need Debian's apt-get; run them on Debian 12 or in its container");
        let packages: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next().map(str::to_owned))
            .collect();
        if output.status.success() {
            Ok(packages)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    simulate().unwrap_or_else(|_| {
        run(
            Command::new("apt-get")
                .args(["-qq", "update"])
                .env("DEBIAN_FRONTEND", "noninteractive"),
            "Debian's package lists are not here: run `apt-get update` as root once",
        );
        simulate().unwrap_or_else(|why| panic!("Debian has no kannel {KANNEL_VERSION} for this machine: {why}"))
    })
}

/// Runs `provision` in a folder under the target directory unless that was done for the same `pins` before, by whatever
/// test process came first.
fn once(name: &str, pins: &str, provision: impl FnOnce(&Path)) -> PathBuf {
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

fn run(command: &mut Command, help: &str) {
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
