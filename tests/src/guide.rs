//! What a page tells its reader to type, so that a test can type it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, iter};

use tempfile::TempDir;

use crate::provision::{self, once};
use crate::{edgebind, program};

/// The first lines of shell below this heading of a page, or the ones behind those.
pub fn lines(page: &str, heading: &str, place: usize) -> String {
    let text = fs::read_to_string(program::workspace().join(page)).unwrap();
    let (_, below) = text
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("{page} has no {heading}"));
    let section = below.split("\n#").next().unwrap_or_default();
    let block = section.split("```sh\n").nth(place + 1);
    let block = block.unwrap_or_else(|| panic!("{page} has fewer lines of shell below {heading}"));
    block.split("```").next().unwrap_or_default().to_owned()
}

/// A reader with an empty folder, and the program in the path.
pub struct Reader {
    folder: TempDir,
    variables: HashMap<OsString, Option<OsString>>,
}

impl Reader {
    /// Has done nothing yet.
    pub fn new() -> Self {
        let inherited = edgebind::command();
        let inherited = inherited.as_std().get_envs();
        let mut reader = Self {
            folder: tempfile::Builder::new().prefix("edgebind-reader-").tempdir().unwrap(),
            variables: inherited.map(|(name, value)| (name.into(), value.map(Into::into))).collect(),
        };
        // What is set for the tests' own build is not for a reader's.
        for name in ["RUSTFLAGS", "CARGO_TARGET_DIR"] {
            reader.variables.insert(name.into(), None);
        }
        // Reading takes no longer than it must: what was fetched and compiled once is there for the next time.
        reader.knows("CARGO_BUILD_BUILD_DIR", program::folder("reader-cargo"));
        reader.knows("npm_config_cache", program::folder("reader-npm"));
        reader.knows("npm_config_prefer_offline", "true");
        reader.finds(program::edgebind().parent().unwrap());
        reader
    }

    /// A variable of the reader's shell.
    pub fn knows(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.into(), Some(value.into()));
    }

    /// Programs that the reader has installed.
    pub fn finds(&mut self, programs: &Path) {
        let path = self.variables.get(OsStr::new("PATH")).cloned().flatten();
        let path = path.or_else(|| env::var_os("PATH")).unwrap_or_default();
        let paths = iter::once(programs.to_owned()).chain(env::split_paths(&path));
        self.knows("PATH", env::join_paths(paths).unwrap());
    }

    /// Packages of Python, fetched once, that pip then takes from there.
    pub fn has_wheels(&mut self, requirements: &Path) {
        self.knows("PIP_FIND_LINKS", wheels(requirements));
        self.knows("PIP_NO_INDEX", "1");
        self.knows("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    }

    /// Types all of it, stopping at what fails; what was answered, if all was done.
    pub fn types(&self, lines: &str) -> String {
        let (done, said) = self.tries(lines);
        assert!(done, "{lines}\n{said}");
        said
    }

    /// Types it, and says whether all was done, and what was answered.
    pub fn tries(&self, lines: &str) -> (bool, String) {
        let mut command = Command::new("bash");
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command
            .args(["-euo", "pipefail", "-c", lines])
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|why| panic!("bash cannot be started: {why}"));
        let said = [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned());
        (output.status.success(), said.concat())
    }

    /// A file that the reader has.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

fn wheels(requirements: &Path) -> PathBuf {
    once("reader-wheels", &fs::read_to_string(requirements).unwrap(), |folder| {
        provision::run(
            Command::new("python3")
                .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
                .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
                .arg(requirements)
                .arg("--dest")
                .arg(folder),
            "the package index must be reachable by pip",
        );
    })
}
