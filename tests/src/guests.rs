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

/// The Rust translator, built by plain cargo.
pub fn rust() -> Vec<u8> {
    provision::target("wasm32-wasip2");
    let target_dir = program::folder("guest-rust");
    let mut cargo = cargo("build", &target_dir);
    run(cargo.args(["--target", "wasm32-wasip2"]), "cargo's own words say why");
    fs::read(target_dir.join("wasm32-wasip2/release/rust_translator.wasm")).unwrap()
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
    fs::read(target_dir.join("wasm32-wasip1/release/rust_translator.wasm")).unwrap()
}

/// The JavaScript translator, built by componentize-js.
pub fn javascript() -> Vec<u8> {
    let source = fs::read_to_string(sources("javascript").join("translator.js")).unwrap();
    let builder = provision::javascript_builder();
    let pins = [&source, &fs::read_to_string(builder).unwrap(), &contract().concat(), LOCK].concat();
    let folder = once("guest-javascript", &pins, |folder| {
        fs::write(folder.join("translator.js"), &source).unwrap();
        write_contract(folder);
        run(
            Command::new("node").arg(builder).current_dir(folder),
            "install Node.js 20 or newer",
        );
    });
    fs::read(folder.join("translator.wasm")).unwrap()
}

/// Of the versions that JavaScript is built with.
const LOCK: &str = include_str!("../guests/javascript/package-lock.json");

/// The Python translator, built by componentize-py.
pub fn python() -> Vec<u8> {
    let source = fs::read_to_string(sources("python").join("translator.py")).unwrap();
    let requirements = fs::read_to_string(sources("python").join("requirements.txt")).unwrap();
    let pins = [&source, &requirements, &contract().concat()].map(String::as_str).concat();
    let folder = once("guest-python", &pins, |folder| {
        fs::write(folder.join("translator.py"), &source).unwrap();
        write_contract(folder);
        run(
            Command::new(provision::componentize_py())
                .args([
                    "--quiet",
                    "--wit-path",
                    "wit",
                    "--world",
                    "translator",
                    "componentize",
                    "translator",
                ])
                .args(["--output", "translator.wasm"])
                .current_dir(folder),
            "componentize-py's own words say why",
        );
    });
    fs::read(folder.join("translator.wasm")).unwrap()
}

/// The folder of a guest in another language.
pub fn sources(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests").join(language)
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
        .current_dir(sources("rust"));
    cargo
}

/// The words and the world of a translator.
fn contract() -> [String; 2] {
    ["message/message.wit", "translator/translator.wit"]
        .map(|name| fs::read_to_string(program::workspace().join("wit").join(name)).unwrap())
}

/// The contract as other toolchains want it: one package, with those that it needs below.
fn write_contract(folder: &Path) {
    let [message, translator] = contract();
    let words = folder.join("wit/deps/message");
    fs::create_dir_all(&words).unwrap();
    fs::write(words.join("message.wit"), message).unwrap();
    fs::write(folder.join("wit/translator.wit"), translator).unwrap();
}
