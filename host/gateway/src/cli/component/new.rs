//! `edgebind component new`: a project that builds, is tested and is deployed, with the contract beside it.

use super::super::output;
use clap::{Args, ValueEnum};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Begin a component of your own: a folder that builds, is tested and is deployed, and needs nothing of this repository
#[derive(Debug, Args)]
pub struct New {
    /// What it is called: lower-case letters, digits and -
    name: String,
    /// What it is written in
    #[arg(long, value_enum)]
    lang: Language,
    /// What it is for
    #[arg(long, value_enum, default_value = "translator")]
    world: Kind,
    /// Where the folder is to be [default: NAME, here]
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    #[value(alias = "js")]
    Javascript,
    Python,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Between messages and one HTTP API
    Translator,
    /// The logic of a bind
    Session,
}

/// What the files of templates are called by, and what stands there instead.
struct Names {
    /// As it was given.
    name: String,
    /// As Rust and Python call it.
    module: String,
    world: &'static str,
}

/// A file of the new folder: its path and what is in it.
type File = (&'static str, &'static str);

const MESSAGE: &str = include_str!("../../../../../wit/message/message.wit");
const TRANSLATOR: &str = include_str!("../../../../../wit/translator/translator.wit");
const SESSION: &str = include_str!("../../../../../wit/session/session.wit");

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("templates/", $path))
    };
}

impl New {
    pub fn run(self) -> Result<(), String> {
        let good = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
        let starts = self.name.starts_with(|first: char| first.is_ascii_lowercase());
        if !starts || self.name.ends_with('-') || !self.name.chars().all(good) {
            return Err(format!(
                "{:?} is no name for a component: begin with a lower-case letter, and use those, digits and -",
                self.name
            ));
        }
        let dir = self.dir.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        if fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(format!(
                "{} is there and not empty: name another folder with --dir",
                dir.display()
            ));
        }
        let names = Names {
            module: self.name.replace('-', "_"),
            world: match self.world {
                Kind::Translator => "translator",
                Kind::Session => "session",
            },
            name: self.name,
        };
        for (path, content) in files(self.lang, self.world) {
            write(&dir.join(path), &names.put_into(content))?;
        }
        output::print(&format!("{} is there; its README.md says what to do\n", dir.display()))
    }
}

impl Names {
    fn put_into(&self, template: &str) -> String {
        template
            .replace("my-component", &self.name)
            .replace("my_component", &self.module)
            .replace("MY-WORLD", self.world)
    }
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, content).map_err(failed)
}

/// All files of a project.
fn files(language: Language, world: Kind) -> Vec<File> {
    let mut files = vec![("wit/deps/message/message.wit", MESSAGE)];
    files.extend(match world {
        Kind::Translator => [
            ("wit/translator.wit", TRANSLATOR),
            ("cases/first.txt", template!("translator.txt")),
        ],
        Kind::Session => [("wit/session.wit", SESSION), ("cases/first.txt", template!("session.txt"))],
    });
    match language {
        Language::Rust => files.extend([
            ("Cargo.toml", template!("rust/Cargo.toml")),
            ("Cargo.lock", template!("rust/Cargo.lock")),
            (".gitignore", "/target\n/src/bindings.rs\n*.wasm\n"),
            ("README.md", template!("rust/README.md")),
            (".github/workflows/ci.yml", template!("rust/ci.yml")),
            match world {
                Kind::Translator => ("src/lib.rs", template!("rust/src/translator.rs")),
                Kind::Session => ("src/lib.rs", template!("rust/src/session.rs")),
            },
        ]),
        Language::Javascript => files.extend([
            ("package.json", template!("javascript/package.json")),
            ("package-lock.json", template!("javascript/package-lock.json")),
            (".npmrc", template!("javascript/.npmrc")),
            ("build.js", template!("javascript/build.js")),
            (".gitignore", "/node_modules\n*.wasm\n"),
            ("README.md", template!("javascript/README.md")),
            (".github/workflows/ci.yml", template!("javascript/ci.yml")),
            match world {
                Kind::Translator => ("component.js", template!("javascript/translator.js")),
                Kind::Session => ("component.js", template!("javascript/session.js")),
            },
        ]),
        Language::Python => {
            files.extend([
                ("requirements.txt", template!("python/requirements.txt")),
                (".gitignore", "/.venv\n__pycache__\n*.wasm\n"),
                ("README.md", template!("python/README.md")),
                (".github/workflows/ci.yml", template!("python/ci.yml")),
            ]);
            match world {
                Kind::Translator => files.push(("component.py", template!("python/translator.py"))),
                // A resource is looked for in a module that is called as its interface.
                Kind::Session => files.extend([
                    ("component.py", template!("python/session.py")),
                    ("machine.py", template!("python/machine.py")),
                ]),
            }
        }
    }
    files
}
