//! Machine code that is kept on disk: found again, and not trusted when it is damaged.

use crate::guests::{few, goes_on, healthy, session_bytes, translator_bytes};
use edgebind_runtime::{ChildCommand, Compiler, Engine, LoadError, SessionComponent, TranslatorComponent};
use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process,
};

/// A directory that is removed with its test.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Compiles in this process.
fn compiling(dir: &Dir) -> Engine {
    Engine::new(&few())
        .unwrap()
        .with_compiler(Compiler::new(&dir.0, None))
        .unwrap()
}

/// Cannot compile: what it loads was there.
fn only_finding(dir: &Dir) -> Engine {
    let child = ChildCommand {
        program: dir.0.join("no-program"),
        args: Vec::new(),
        env: Vec::new(),
    };
    Engine::new(&few())
        .unwrap()
        .with_compiler(Compiler::new(&dir.0, Some(child)))
        .unwrap()
}

fn load(engine: &Engine) -> Result<SessionComponent, LoadError> {
    SessionComponent::load(engine, session_bytes())
}

#[test]
fn what_was_compiled_is_found_again() {
    let dir = Dir::new("found");
    assert!(matches!(load(&only_finding(&dir)), Err(LoadError::Host(why)) if why.contains("no-program")));
    goes_on(&mut healthy(&load(&compiling(&dir)).unwrap()));
    goes_on(&mut healthy(&load(&only_finding(&dir)).unwrap()));
    assert_eq!(dir.files().len(), 1, "{:?}", dir.files());
}

#[test]
fn damaged_code_is_never_run_and_compiled_again() {
    let dir = Dir::new("damaged");
    load(&compiling(&dir)).unwrap();
    let file = dir.files().remove(0);
    let good = fs::read(&file).unwrap();
    let middle = good.len() / 2;
    let flipped = [&good[..middle], &[good[middle] ^ 1], &good[middle + 1..]].concat();
    for damaged in [&flipped[..], &good[..middle], &good[..10], b""] {
        fs::write(&file, damaged).unwrap();
        assert!(matches!(load(&only_finding(&dir)), Err(LoadError::Host(_))));
        fs::write(&file, damaged).unwrap();
        goes_on(&mut healthy(&load(&compiling(&dir)).unwrap()));
        assert_eq!(fs::read(&file).unwrap().len(), good.len());
    }
}

#[test]
fn what_was_used_least_recently_goes_when_there_is_too_much() {
    let dir = Dir::new("bounded");
    let engine = |kept_bytes_max| {
        let compiler = Compiler {
            kept_bytes_max,
            ..Compiler::new(&dir.0, None)
        };
        Engine::new(&few()).unwrap().with_compiler(compiler).unwrap()
    };
    load(&engine(u64::MAX)).unwrap();
    let first = dir.files().remove(0);
    let room = fs::metadata(&first).unwrap().len();
    TranslatorComponent::load(&engine(room), translator_bytes()).unwrap();
    assert_eq!(dir.files().len(), 1);
    assert!(!first.exists());
}

#[test]
fn a_directory_that_others_may_enter_is_refused() {
    let dir = Dir::new("open");
    fs::DirBuilder::new().mode(0o700).create(&dir.0).unwrap();
    fs::set_permissions(&dir.0, fs::Permissions::from_mode(0o750)).unwrap();
    let refused = Engine::new(&few()).unwrap().with_compiler(Compiler::new(&dir.0, None));
    let why = refused.err().unwrap().to_string();
    assert!(why.contains("others may enter it: `chmod 700` it"), "{why}");
}

#[test]
fn a_component_that_the_compiler_refuses_leaves_nothing() {
    let dir = Dir::new("refused");
    let mut bytes = session_bytes().to_vec();
    // A module that nobody uses, of one function whose type there is not.
    bytes.extend([1, 12, 0, b'a', b's', b'm', 1, 0, 0, 0, 3, 2, 1, 0]);
    assert!(matches!(
        SessionComponent::load(&compiling(&dir), &bytes),
        Err(LoadError::Unusable(_))
    ));
    assert_eq!(dir.files(), Vec::<PathBuf>::new());
}
