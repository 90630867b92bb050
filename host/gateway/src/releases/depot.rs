//! Where releases come from: components that came with the gateway or were uploaded, compiled off the threads of the traffic, and
//! the journals of what every tenant has of them. One for a gateway.

use super::{journal::Journal, refusal::Refusal, shelf::Shelf, world::World};
use crate::{
    components::Builtin,
    limits::{COMPILED_KEPT, COMPILES_WAITING_MAX},
    vault::{sync_dir, write_whole},
};
use edgebind_runtime::{Engine, SessionComponent, Shape, TranslatorComponent, inspect};
use std::{
    collections::{HashSet, VecDeque},
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::spawn_blocking;

/// The components and the journals of a gateway.
pub struct Depot {
    engine: Engine,
    builtin: Builtin,
    shelf: Shelf,
    journals: PathBuf,
    component_bytes_max: usize,
    /// Compiled components of late, the latest last.
    compiled: Mutex<VecDeque<Loaded>>,
    /// Held by the one that is compiled.
    compiling: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
}

/// A compiled component.
#[derive(Clone)]
pub enum Loaded {
    /// Of the session's world.
    Session(SessionComponent),
    /// Of the translator's.
    Translator(TranslatorComponent),
}

impl Loaded {
    /// SHA-256 of the component, in hex.
    pub fn digest(&self) -> &str {
        match self {
            Loaded::Session(component) => component.digest(),
            Loaded::Translator(component) => component.digest(),
        }
    }
}

impl Depot {
    /// The depot of this data directory. What no tenant's journal names any more goes.
    pub fn open(data_dir: &Path, engine: Engine, builtin: Builtin, component_bytes_max: usize) -> Result<Self, String> {
        let journals = data_dir.join("releases");
        let failed = |error: io::Error| format!("releases in {}: {error}", data_dir.display());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&journals)
            .map_err(failed)?;
        let depot = Self {
            engine,
            builtin,
            shelf: Shelf::open(data_dir.join("components")).map_err(failed)?,
            journals,
            component_bytes_max,
            compiled: Mutex::default(),
            compiling: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
        };
        let named = depot.named()?;
        depot.shelf.sweep(&named).map_err(failed)?;
        Ok(depot)
    }

    /// The components that came with the gateway.
    pub fn builtin(&self) -> &Builtin {
        &self.builtin
    }

    /// The name of the component of this digest, if it came with the gateway.
    pub fn builtin_name(&self, digest: &str) -> Option<String> {
        self.builtin.name_of(digest).map(str::to_owned)
    }

    /// The largest component that is taken in, in octets.
    pub fn component_bytes_max(&self) -> usize {
        self.component_bytes_max
    }

    /// Takes a component in: looked at, compiled, kept on the disk.
    pub async fn take_in(self: &Arc<Self>, octets: Vec<u8>) -> Result<Shape, Refusal> {
        let shape = inspect(&octets, self.component_bytes_max).map_err(|error| Refusal::component(&error))?;
        let octets = Arc::new(octets);
        if self.known(&shape.digest).is_none() {
            let (depot, octets, world) = (self.clone(), octets.clone(), World::from(shape.world));
            self.compile(move || depot.compiled(world, &octets)).await?;
        }
        let depot = self.clone();
        let kept = spawn_blocking(move || {
            let named = depot.named().map_err(Refusal::Disk)?;
            depot.shelf.put(&octets, &named).map_err(|error| Refusal::disk(&error))
        });
        kept.await.map_err(|error| Refusal::Disk(error.to_string()))??;
        Ok(shape)
    }

    /// A component by its digest, or one that came with the gateway by its name.
    pub async fn get(self: &Arc<Self>, named: &str) -> Result<Loaded, Refusal> {
        if let Some(name) = self.builtin.name_of(named) {
            if let Some(ready) = self.builtin.ready(name) {
                return Ok(ready);
            }
            let builtin = self.builtin.clone();
            return self.compile(move || builtin.named(name).map_err(Refusal::Busy)).await;
        }
        if let Some(known) = self.known(named) {
            return Ok(known);
        }
        let (depot, digest) = (self.clone(), named.to_owned());
        self.compile(move || depot.read(&digest)).await
    }

    /// A component that is on the disk. Takes as long as compiling does: not for a thread that others wait for.
    pub fn read(&self, digest: &str) -> Result<Loaded, Refusal> {
        let octets = self.shelf.get(digest).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Refusal::NotFound(format!("no component {digest:.16} is here: upload it first")),
            _ => Refusal::Disk(format!("component {digest:.16} {error}")),
        })?;
        let shape = inspect(&octets, self.component_bytes_max).map_err(|error| Refusal::component(&error))?;
        self.compiled(shape.world.into(), &octets)
    }

    /// The journal of a tenant, if it has had releases before.
    pub fn journal(&self, tenant: &str) -> Result<Option<Journal>, String> {
        read_journal(&self.journal_path(tenant))
    }

    /// Writes the journal of a tenant: when it returns, a restart will find it.
    pub fn keep_journal(&self, tenant: &str, journal: &Journal) -> Result<(), String> {
        let path = self.journal_path(tenant);
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = serde_json::to_vec_pretty(journal).map_err(|error| failed(&error))?;
        write_whole(&self.journals, &[&text], |file| file.persist(&path).map(drop)).map_err(|error| failed(&error))
    }

    /// Forgets the releases of a tenant that is no more: one of the same name begins anew.
    pub fn forget_journal(&self, tenant: &str) -> io::Result<()> {
        match fs::remove_file(self.journal_path(tenant)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_dir(&self.journals),
        }
    }

    fn journal_path(&self, tenant: &str) -> PathBuf {
        self.journals.join(format!("{tenant}.json"))
    }

    /// What the journals of all tenants name.
    fn named(&self) -> Result<HashSet<String>, String> {
        let mut named = HashSet::new();
        let listing = fs::read_dir(&self.journals).map_err(|error| format!("{}: {error}", self.journals.display()))?;
        for entry in listing {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Some(journal) = read_journal(&path)?
            {
                named.extend(journal.digests().map(str::to_owned));
            }
        }
        Ok(named)
    }

    fn known(&self, digest: &str) -> Option<Loaded> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let at = compiled.iter().position(|loaded| loaded.digest() == digest)?;
        let loaded = compiled.remove(at)?;
        compiled.push_back(loaded.clone());
        Some(loaded)
    }

    /// Compiles one component at a time, while a bounded number waits.
    async fn compile(&self, work: impl FnOnce() -> Result<Loaded, Refusal> + Send + 'static) -> Result<Loaded, Refusal> {
        let _waiting = Waiting::among(&self.waiting).ok_or_else(|| {
            Refusal::Busy(format!(
                "{COMPILES_WAITING_MAX} components wait to be compiled: try again in a minute"
            ))
        })?;
        let _compiling = self.compiling.lock().await;
        let compiled = spawn_blocking(work).await;
        compiled.unwrap_or_else(|error| Err(Refusal::Busy(format!("the compiler failed: {error}"))))
    }

    fn compiled(&self, world: World, octets: &[u8]) -> Result<Loaded, Refusal> {
        let loaded = match world {
            World::Session => SessionComponent::load(&self.engine, octets).map(Loaded::Session),
            World::Translator => TranslatorComponent::load(&self.engine, octets).map(Loaded::Translator),
        };
        let loaded = loaded.map_err(|error| Refusal::component(&error))?;
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.retain(|other| other.digest() != loaded.digest());
        compiled.push_back(loaded.clone());
        if compiled.len() > COMPILED_KEPT {
            compiled.pop_front();
        }
        Ok(loaded)
    }
}

fn read_journal(path: &Path) -> Result<Option<Journal>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        format!(
            "{} is damaged ({error}): mend it, or remove it and the tenant starts with the built-in components",
            path.display()
        )
    })
}

/// One of those who wait for the compiler.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(count: &'a AtomicUsize) -> Option<Self> {
        let one_more = |waiting| (waiting < COMPILES_WAITING_MAX).then_some(waiting + 1);
        count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()
            .map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
