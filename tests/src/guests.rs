//! Components to deploy: built from this workspace, as many different ones of the same code as a scenario needs.

use std::fs;
use std::path::{Path, PathBuf};

use edgebind_componentize::{Guest, build, workspace_above};

use crate::program;

/// The bytes of the component that this package builds, with these features and environment variables.
pub fn component(package: &str, features: &[&str], env: &[(&str, &str)]) -> Vec<u8> {
    let workspace = workspace_above(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let guest = Guest { package, features, env };
    fs::read(build(&workspace, &program::target_dir().join("guests"), &guest).unwrap()).unwrap()
}

/// The same component under another digest: with a note in a custom section, which no engine looks at.
pub fn noted(component: &[u8], note: &str) -> Vec<u8> {
    const NAME: &[u8] = b"note";
    let content = [&[NAME.len() as u8], NAME, note.as_bytes()].concat();
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 0x80);
    let header = [0, length.expect("a note is shorter than what one octet of LEB128 says")];
    [component, &header, &content].concat()
}

/// The folder of cases of each guest that has some, and the package that it is.
pub fn cases() -> Vec<(String, PathBuf)> {
    let mut all: Vec<_> = fs::read_dir(program::workspace().join("guest-components"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|guest| guest.join("cases").is_dir())
        .map(|guest| {
            (
                format!("edgebind-{}", guest.file_name().unwrap().to_string_lossy()),
                guest.join("cases"),
            )
        })
        .collect();
    all.sort();
    all
}
