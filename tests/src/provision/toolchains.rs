//! What makes components of other people's languages, in pinned versions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{install_requirements, once, run};
use crate::guests;

const CARGO_COMPONENT: &str = "0.21.1";

/// The folder of `cargo-component`. It takes a quarter of an hour to build, so it is kept where a new target directory finds it.
pub fn cargo_component() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let root = cache().join("tools").join(format!("cargo-component-{CARGO_COMPONENT}"));
        fs::create_dir_all(&root).unwrap();
        let lock = File::create(root.join("lock")).unwrap();
        lock.lock().unwrap();
        let folder = root.join("bin");
        if !folder.join("cargo-component").exists() {
            run(
                Command::new("cargo")
                    .args([
                        "install",
                        "--locked",
                        "--quiet",
                        "--version",
                        CARGO_COMPONENT,
                        "cargo-component",
                        "--root",
                    ])
                    .arg(&root)
                    .env_remove("CARGO_TARGET_DIR")
                    .env_remove("RUSTFLAGS"),
                "crates.io must be reachable by cargo",
            );
        }
        folder
    })
}

/// Has rustc compile for this target, too.
pub fn target(triple: &str) {
    run(
        Command::new("rustup")
            .args(["target", "add", triple])
            .current_dir(guests::templates()),
        "install the target by other means if rustup is not here",
    );
}

/// A folder with the script that builds JavaScript and the pinned packages that it wants.
pub fn javascript_packages() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let project = guests::project("javascript");
        let files = ["package.json", "package-lock.json", ".npmrc", "build.js"];
        let contents = files.map(|name| fs::read_to_string(project.join(name)).unwrap());
        once("componentize-js", &contents.concat(), |folder| {
            for (name, content) in files.iter().zip(&contents) {
                fs::write(folder.join(name), content).unwrap();
            }
            // The lock file names packages for machines unlike this one, which not every mirror has: `npm ci` would insist on them.
            run(
                Command::new("npm")
                    .args(["install", "--silent", "--ignore-scripts"])
                    .current_dir(folder),
                "install Node.js 20 or newer with npm; the package registry must be reachable by npm",
            );
        })
    })
}

/// The program that builds Python.
pub fn componentize_py() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let requirements = guests::templates().join("python/requirements.txt");
        install_requirements("componentize-py", &requirements).join("componentize-py")
    })
}

/// A folder that outlives target directories.
fn cache() -> PathBuf {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME")
        .or_else(home)
        .expect("there is a home directory")
        .join("edgebind")
}
