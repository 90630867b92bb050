//! What makes components by other people's rules, in pinned versions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::run;

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

/// A folder that outlives target directories.
fn cache() -> PathBuf {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME")
        .or_else(home)
        .expect("there is a home directory")
        .join("edgebind")
}
