//! What can go wrong between a guest's source and its component, each with what to do about it.

use std::{fmt, io, path::PathBuf};

/// Why there is no component.
#[derive(Debug)]
pub enum Error {
    /// No Cargo.toml with a `[workspace]` at or above this directory.
    NoWorkspace(PathBuf),
    /// cargo could not be started.
    Start(io::Error),
    /// cargo did not build the package; what it said.
    Cargo {
        /// The package.
        package: String,
        /// All that it said.
        said: String,
    },
    /// The wasm target is missing and could not be installed; what rustup said.
    Target(String),
    /// The module that cargo built cannot be read.
    Read(PathBuf, io::Error),
    /// The package's module cannot be made a component.
    Wrap(String, String),
    /// The component cannot be written.
    Write(PathBuf, io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoWorkspace(directory) => {
                write!(f, "no workspace at or above {}: run this inside of one", directory.display())
            }
            Error::Start(error) => write!(f, "failed to start cargo: {error}; put it on PATH or name it in CARGO"),
            Error::Cargo { package, said } => write!(f, "cargo did not build {package}; mend what it says:\n{said}"),
            Error::Target(said) => write!(
                f,
                "target wasm32-unknown-unknown is missing and rustup did not add it ({said}): install it for this toolchain"
            ),
            Error::Read(path, error) => {
                write!(
                    f,
                    "failed to read {}: {error}; the package needs crate-type \"cdylib\" in its Cargo.toml",
                    path.display()
                )
            }
            Error::Wrap(package, why) => write!(
                f,
                "{package} makes no component: {why}; its exports must be those of one world in wit/"
            ),
            Error::Write(path, error) => write!(f, "failed to write {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {}
