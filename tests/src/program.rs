//! The program under test: built once by cargo, as the tests themselves were built.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where `edgebind` lies, built with the profile and the target directory of the running test if that was not done yet.
///
/// `EDGEBIND_BIN` names a program to test instead, as it was packaged.
pub fn edgebind() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| env::var_os("EDGEBIND_BIN").map_or_else(|| build(&profile()), PathBuf::from))
}

/// Builds `edgebind` with a profile of cargo's and says where it lies. The features are those of the whole workspace, as they
/// are when all tests are run: nothing is compiled twice.
pub fn build(profile: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--bin", "edgebind", "--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target_dir())
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "edgebind does not build: cargo's own words are above"
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "edgebind")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable that it has built")
}

/// The root of the checkout.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder of the tests' own under cargo's target directory: nothing is ever provisioned into the checkout.
pub fn folder(name: &str) -> PathBuf {
    let folder = target_dir().join("edgebind-tests").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The running program lies in `<target>/<profile>/`, or in `deps` below that.
fn profile_dir() -> PathBuf {
    let here = env::current_exe().unwrap();
    let folder = here.parent().unwrap();
    if folder.ends_with("deps") {
        folder.parent().unwrap().to_owned()
    } else {
        folder.to_owned()
    }
}

/// The target directory of the running program.
pub fn target_dir() -> PathBuf {
    profile_dir().parent().unwrap().to_owned()
}

fn profile() -> String {
    let folder = profile_dir();
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev".to_owned(),
        Some(name) => name.to_owned(),
        None => unreachable!("a target directory is never the root"),
    }
}
