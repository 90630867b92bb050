//! Builds a guest crate into a component: plain cargo for wasm32-unknown-unknown, then wit-component around what comes out.
//! Used by build scripts, tests and the command of the same name; never by anything that runs a guest.
//!
//! A guest built this way imports types only, so there is nothing for a host to give it but events.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails where it should")
)]

mod cargo;
mod error;

pub use error::Error;

use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};
use wit_component::ComponentEncoder;

/// The crate to build, and what makes this build of it differ from others.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The package's name.
    pub package: &'a str,
    /// Features to switch on.
    pub features: &'a [&'a str],
    /// Environment variables that the crate reads when it is compiled.
    pub env: &'a [(&'a str, &'a str)],
}

/// Builds the guest in the workspace and returns where its component lies, below `target_dir`. The target directory must not be
/// the one of a cargo that waits for this call: it would wait for ever.
pub fn build(workspace: &Path, target_dir: &Path, guest: &Guest<'_>) -> Result<PathBuf, Error> {
    let module = {
        // Two builds of one package leave their modules in one place: nobody else builds until this one is read.
        let _turn = take_turn(target_dir).map_err(|error| Error::Write(target_dir.into(), error))?;
        let path = cargo::build_module(workspace, target_dir, guest)?;
        fs::read(&path).map_err(|error| Error::Read(path, error))?
    };
    let component = wrap(&module).map_err(|why| Error::Wrap(guest.package.into(), why))?;
    let path = target_dir.join("components").join(format!("{}.wasm", variant(guest)));
    write_if_changed(&path, &component).map_err(|error| Error::Write(path.clone(), error))?;
    Ok(path)
}

/// Builds the guest from a build script of the same workspace, and tells cargo what to watch. The place is shared by all build
/// scripts and all profiles, so that a guest is compiled once.
///
/// # Panics
///
/// When the guest cannot be built: in a build script, that is how cargo hears of it.
pub fn from_build_script(guest: &Guest<'_>) -> PathBuf {
    let workspace = workspace_above(&required("CARGO_MANIFEST_DIR")).unwrap_or_else(|error| panic!("{error}"));
    for watched in watched(&workspace) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let target_dir = target_dir_above(&required("OUT_DIR")).join("guests");
    build(&workspace, &target_dir, guest).unwrap_or_else(|error| panic!("{error}"))
}

/// The nearest directory at or above this one that holds the workspace: the outermost Cargo.toml with a `[workspace]`.
pub fn workspace_above(directory: &Path) -> Result<PathBuf, Error> {
    let is_workspace = |directory: &&Path| {
        fs::read_to_string(directory.join("Cargo.toml")).is_ok_and(|text| text.lines().any(|line| line == "[workspace]"))
    };
    directory
        .ancestors()
        .find(is_workspace)
        .map(Path::to_path_buf)
        .ok_or_else(|| Error::NoWorkspace(directory.into()))
}

/// Waits until no other process or thread builds into this directory; the turn ends with the file.
fn take_turn(target_dir: &Path) -> io::Result<File> {
    fs::create_dir_all(target_dir)?;
    let turn = File::create(target_dir.join(".componentize"))?;
    turn.lock()?;
    Ok(turn)
}

/// Wraps a core module, which says in a custom section which world it is, into a component.
fn wrap(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| format!("{error:#}"))
}

/// A name for this build of the package. What could make two builds differ is in it; long values as a number.
fn variant(guest: &Guest<'_>) -> String {
    let features = guest.features.iter().map(|feature| (*feature).to_owned());
    let env = guest.env.iter().map(|(name, value)| format!("{name}={value}"));
    let differences: Vec<String> = features.chain(env).collect();
    if differences.is_empty() {
        return guest.package.to_owned();
    }
    format!("{}-{:016x}", guest.package, fnv1a(differences.join("\n").as_bytes()))
}

/// FNV-1a, because the name must be the same in every build, which the standard library's hasher does not promise.
fn fnv1a(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Leaves a file that is already so alone, so that nothing which depends on it is built again; replaces any other at once, so
/// that nobody reads half of it.
fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}

/// What a guest is made of: the contract, the crates of guests, and how they are compiled.
fn watched(workspace: &Path) -> Vec<PathBuf> {
    let crates = fs::read_dir(workspace.join("guest-components"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let of_crates = crates.flat_map(|directory| [directory.join("src"), directory.join("Cargo.toml")]);
    let shared = ["wit", "Cargo.toml", "Cargo.lock"].map(|name| workspace.join(name));
    shared.into_iter().chain(of_crates).filter(|path| path.exists()).collect()
}

/// The target directory that OUT_DIR (`<target>/[<triple>/]<profile>/build/<package>/out`) lies in: the one that cargo marked.
fn target_dir_above(out_dir: &Path) -> PathBuf {
    let marked = out_dir.ancestors().find(|directory| directory.join("CACHEDIR.TAG").exists());
    marked.unwrap_or(out_dir).to_path_buf()
}

fn required(name: &str) -> PathBuf {
    env::var_os(name).map_or_else(
        || panic!("{name} is not set: call this from a build script only"),
        PathBuf::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Guest<'_> = Guest {
        package: "edgebind-faulty",
        features: &[],
        env: &[],
    };

    #[test]
    fn every_variant_has_a_name_of_its_own() {
        let second = Guest {
            env: &[("EDGEBIND_BUILD", "second")],
            ..PLAIN
        };
        let third = Guest {
            env: &[("EDGEBIND_BUILD", "third")],
            ..PLAIN
        };
        let featured = Guest {
            features: &["EDGEBIND_BUILD=second"],
            env: &[("X", "")],
            ..PLAIN
        };
        let names = [PLAIN, second, third, featured].map(|guest| variant(&guest));
        assert_eq!(names[0], "edgebind-faulty");
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name} stands for two builds");
        }
    }

    #[test]
    fn a_module_that_names_no_world_is_refused() {
        let empty_module = b"\0asm\x01\0\0\0";
        assert!(wrap(b"not wasm").is_err());
        // A module without a world makes a component without exports, which a host then refuses by name.
        assert!(wrap(empty_module).is_ok());
    }

    #[test]
    fn the_workspace_is_found_from_a_crate_of_it() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = workspace_above(here).unwrap();
        assert!(here.starts_with(&workspace) && workspace.join("wit").is_dir());
    }

    #[test]
    fn an_unchanged_component_keeps_its_time() {
        let path = env::temp_dir()
            .join(format!("edgebind-componentize-{}", std::process::id()))
            .join("a.wasm");
        write_if_changed(&path, b"one").unwrap();
        let then = fs::metadata(&path).unwrap().modified().unwrap();
        write_if_changed(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), then);
        write_if_changed(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
