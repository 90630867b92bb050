//! Components to deploy: built from this workspace, as many different ones of the same code as a scenario needs; and in other
//! people's languages by other people's tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use edgebind_componentize::{Guest, build, workspace_above};

use crate::program;
use crate::provision::{self, once, run};

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

/// What `edgebind component new` begins a translator with, in this language.
pub fn project(language: &str) -> PathBuf {
    let mut pins = vec![contract().concat()];
    let mut left = vec![templates()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => left.push(path),
                false => pins.push(fs::read_to_string(path).unwrap()),
            }
        }
    }
    pins.sort();
    once(&format!("project-{language}"), &pins.concat(), |folder| {
        let mut new = Command::new(program::edgebind());
        new.args(["component", "new", NAME, "--lang", language, "--dir"]).arg(folder);
        run(&mut new, "edgebind's own words say why");
    })
}

/// What projects are called.
const NAME: &str = "my-translator";

/// The Rust translator, built by plain cargo.
pub fn rust() -> Vec<u8> {
    provision::target("wasm32-wasip2");
    let target_dir = program::folder("guest-rust");
    let mut cargo = cargo("build", &target_dir);
    run(cargo.args(["--target", "wasm32-wasip2"]), "cargo's own words say why");
    fs::read(target_dir.join("wasm32-wasip2/release/my_translator.wasm")).unwrap()
}

/// The same, built by `cargo component`.
pub fn rust_by_cargo_component() -> Vec<u8> {
    provision::target("wasm32-wasip1");
    let target_dir = program::folder("guest-rust-cargo-component");
    let tool = provision::cargo_component();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tool.to_owned()).chain(std::env::split_paths(&path));
    let mut cargo = cargo("component", &target_dir);
    run(
        cargo.env("PATH", std::env::join_paths(paths).unwrap()),
        "cargo component's own words say why",
    );
    fs::read(target_dir.join("wasm32-wasip1/release/my_translator.wasm")).unwrap()
}

/// The JavaScript translator, built by componentize-js.
pub fn javascript() -> Vec<u8> {
    let project = project("javascript");
    let packages = provision::javascript_packages();
    let pins = [fs::read_to_string(project.join("component.js")).unwrap(), contract().concat()].concat();
    let folder = once("guest-javascript", &pins, |folder| {
        // Packages are found beside the script that imports them.
        run(
            Command::new("node").arg(packages.join("build.js")).current_dir(&project),
            "install Node.js 20 or newer",
        );
        fs::copy(project.join("my-translator.wasm"), folder.join("translator.wasm")).unwrap();
    });
    fs::read(folder.join("translator.wasm")).unwrap()
}

/// The Python translator, built by componentize-py.
pub fn python() -> Vec<u8> {
    let project = project("python");
    let pins = [fs::read_to_string(project.join("component.py")).unwrap(), contract().concat()].concat();
    let folder = once("guest-python", &pins, |folder| {
        run(
            Command::new(provision::componentize_py())
                .args([
                    "--quiet",
                    "--wit-path",
                    "wit",
                    "--world",
                    "translator",
                    "componentize",
                    "component",
                ])
                .arg("--output")
                .arg(folder.join("translator.wasm"))
                .current_dir(&project),
            "componentize-py's own words say why",
        );
    });
    fs::read(folder.join("translator.wasm")).unwrap()
}

/// What `edgebind component new` is made of.
pub fn templates() -> PathBuf {
    program::workspace().join("host/gateway/src/cli/component/templates")
}

fn cargo(command: &str, target_dir: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg(command);
    if command == "component" {
        cargo.arg("build");
    }
    cargo
        .args(["--locked", "--quiet", "--release", "--target-dir"])
        .arg(target_dir);
    // What is set for the tests' own build is not for this one.
    cargo
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(project("rust"));
    cargo
}

/// The words and the world of a translator.
fn contract() -> [String; 2] {
    ["message/message.wit", "translator/translator.wit"]
        .map(|name| fs::read_to_string(program::workspace().join("wit").join(name)).unwrap())
}
