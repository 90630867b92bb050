//! Machine code: made of a component once for an engine, kept on disk, and mapped from there ever after. Between a component
//! that somebody deployed and the engine; the compiler itself runs in a process of its own, which may fail as it likes.

mod child;

pub use child::ChildCommand;

use crate::{
    engine::{Engine, EngineError},
    fault::chain,
    world::{LoadError, hex},
};
use aws_lc_rs::digest::{Context, SHA256, digest};
use rustix::process::geteuid;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{Hash as _, Hasher},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use wasmtime::component::Component;

/// How components become machine code, and where it is kept.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// A directory for nothing else; it is made if it is not there. Whoever may write to it runs code here: it must be ours
    /// alone.
    pub dir: PathBuf,
    /// The process that compiles; without one, this process does.
    pub child: Option<ChildCommand>,
    /// What the child may take, by the clock and of processors.
    pub seconds_max: u64,
    /// Octets of address space that the child may take.
    pub memory_bytes_max: u64,
    /// Octets that are kept; beyond, what was used least recently goes.
    pub kept_bytes_max: u64,
}

impl Compiler {
    /// A compiler that keeps its work here, with bounds that large components of other languages stay within.
    pub fn new(dir: impl Into<PathBuf>, child: Option<ChildCommand>) -> Self {
        Self {
            dir: dir.into(),
            child,
            seconds_max: 60,
            memory_bytes_max: 4 << 30,
            kept_bytes_max: 2 << 30,
        }
    }
}

/// Compiles into a file that [`Engine::with_compiler`] takes, as an engine with these limits of a guest's memory and stack would:
/// what a child process does.
pub fn compile_into(out: &Path, bytes: &[u8], memory_bytes: usize, stack_bytes: usize) -> Result<(), String> {
    let engine = crate::engine::compiling(memory_bytes, stack_bytes).map_err(|error| chain(&error))?;
    let code = engine.precompile_component(bytes).map_err(|error| chain(&error))?;
    write(out, &code).map_err(|error| format!("{}: {error}", out.display()))
}

/// A compiler whose directory is ours.
pub(crate) struct Kept {
    compiler: Compiler,
    /// One component is compiled at a time: it takes every processor as it is.
    turn: Mutex<()>,
    files: AtomicU64,
}

/// What is left behind by a process that ended while it compiled is removed after so long.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

impl Kept {
    pub(crate) fn new(compiler: Compiler) -> Result<Self, EngineError> {
        let kept = Self {
            compiler,
            turn: Mutex::new(()),
            files: AtomicU64::new(0),
        };
        match ours_alone(&kept.compiler.dir) {
            Ok(()) => Ok(kept),
            Err(why) => Err(EngineError::Directory {
                dir: kept.compiler.dir,
                why,
            }),
        }
    }

    /// The component as code, from the disk if it is there.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8]) -> Result<Component, LoadError> {
        let key = key(&engine.inner, bytes);
        let path = self.compiler.dir.join(&key);
        if let Some(component) = load(&engine.inner, &path) {
            return Ok(component);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever had the turn before may have wanted the same.
        if let Some(component) = load(&engine.inner, &path) {
            return Ok(component);
        }
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let new = self.compiler.dir.join(format!("{key}.{}.{number}.new", process::id()));
        let compiled = self
            .compile(engine, bytes, &new)
            .and_then(|()| fs::rename(&new, &path).map_err(|error| LoadError::Host(format!("{}: {error}", path.display()))));
        if let Err(error) = compiled {
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        let component = load(&engine.inner, &path);
        self.forget_least_used(&path);
        component.ok_or_else(|| LoadError::Host(format!("{} is not what was written", path.display())))
    }

    fn compile(&self, engine: &Engine, bytes: &[u8], new: &Path) -> Result<(), LoadError> {
        match &self.compiler.child {
            Some(command) => command.run(&self.compiler, &engine.limits, bytes, new),
            None => {
                let code = engine
                    .inner
                    .precompile_component(bytes)
                    .map_err(|error| LoadError::Unusable(chain(&error)))?;
                write(new, &code).map_err(|error| LoadError::Host(format!("{}: {error}", new.display())))
            }
        }
    }

    /// Removes what was used least recently until the rest is within its bound; this one stays.
    fn forget_least_used(&self, newest: &Path) {
        let Ok(entries) = fs::read_dir(&self.compiler.dir) else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), entry.path()))
            })
            .collect();
        files.sort_unstable();
        let mut octets: u64 = files.iter().map(|(_, octets, _)| octets).sum();
        for (used, length, path) in files {
            let is_new = path.extension().is_some();
            let left_behind = is_new && used.elapsed().is_ok_and(|age| age > LEFT_BEHIND);
            let too_much = !is_new && octets > self.compiler.kept_bytes_max && path != newest;
            if (left_behind || too_much) && fs::remove_file(&path).is_ok() {
                octets -= length;
            }
        }
    }
}

/// The name of a component's code: of its octets, and of all that decides what code an engine makes of them, its version included.
pub(crate) fn key(engine: &wasmtime::Engine, bytes: &[u8]) -> String {
    struct Sum(Context);
    impl Hasher for Sum {
        fn write(&mut self, octets: &[u8]) {
            self.0.update(octets);
        }
        fn finish(&self) -> u64 {
            // Nobody asks: the sum has more than 64 bits.
            0
        }
    }
    let mut sum = Sum(Context::new(&SHA256));
    sum.write(digest(&SHA256, bytes).as_ref());
    engine.precompile_compatibility_hash().hash(&mut sum);
    hex(sum.0.finish().as_ref())
}

/// Writes code with its SHA-256 behind it. Nobody waits for the disk: what a crash leaves of it is noticed by that, and compiled again.
pub(crate) fn write(path: &Path, code: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(code)?;
    file.write_all(digest(&SHA256, code).as_ref())
}

/// The code in this file, if it is there and as it was written. What is damaged is removed.
pub(crate) fn load(engine: &wasmtime::Engine, path: &Path) -> Option<Component> {
    let octets = fs::read(path).ok()?;
    let whole = octets
        .split_last_chunk::<32>()
        .is_some_and(|(code, sum)| digest(&SHA256, code).as_ref() == sum);
    drop(octets);
    let component = if whole { deserialize(engine, path).ok() } else { None };
    match component {
        Some(_) => {
            // For the day on which the least recently used goes; the code is as good without.
            let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
        }
        None => {
            let _ = fs::remove_file(path);
        }
    }
    component
}

#[expect(
    unsafe_code,
    reason = "wasmtime cannot check machine code; the directory and the checksum stand for it"
)]
fn deserialize(engine: &wasmtime::Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file is what `precompile_component` made, and stays so. It lies in a directory that belongs to this user and
    // that nobody else may enter (`ours_alone`); only `write` makes files there, of nothing else, and they get their final name
    // when they are whole, with a checksum that was verified just now; a file is removed or replaced by another under its name,
    // and never written again. wasmtime itself checks that the engine is compatible. What others deploy is never loaded this
    // way: `Names::read` refuses it.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Makes the directory, or makes sure that nobody else may enter it.
pub(crate) fn ours_alone(dir: &Path) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(said)?;
    let metadata = fs::metadata(dir).map_err(said)?;
    if metadata.uid() != geteuid().as_raw() {
        return Err("belongs to another user, whose code would be run".into());
    }
    if metadata.mode() & 0o077 != 0 {
        return Err("others may enter it: `chmod 700` it, or name another".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::compiling, limits::Limits};

    #[test]
    fn a_child_makes_the_code_that_the_pool_takes() {
        for (memory_bytes, stack_bytes) in [(64 << 20, 256 << 10), (16 << 20, 64 << 10)] {
            let limits = Limits {
                memory_bytes,
                stack_bytes,
                sessions_max: 4,
                calls_max: 4,
                ..Limits::default()
            };
            let parent = Engine::new(&limits).unwrap();
            let child = compiling(memory_bytes, stack_bytes).unwrap();
            assert_eq!(key(&parent.inner, b"a component"), key(&child, b"a component"));
            assert_ne!(key(&parent.inner, b"a component"), key(&parent.inner, b"another"));
        }
        let one = compiling(64 << 20, 256 << 10).unwrap();
        let other = compiling(16 << 20, 256 << 10).unwrap();
        assert_ne!(key(&one, b"a component"), key(&other, b"a component"));
    }
}
