//! The engine: one for the process. It compiles components, and owns the pool that their instances live in.

use crate::{
    allowance::Allowance,
    clock::Clock,
    compile::{Compiler, Kept},
    fault::chain,
    limits::Limits,
    world::LoadError,
};
use std::{
    error::Error,
    fmt, fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy, component::Component};

/// Compiles and runs components within one set of limits. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    pub(crate) limits: Arc<Limits>,
    pub(crate) sessions: Arc<Places>,
    pub(crate) calls: Arc<Places>,
    pub(crate) moves: Arc<Places>,
    /// Of components that are in nobody's.
    pub(crate) allowance: Arc<Allowance>,
    pub(crate) clock: Clock,
    compiler: Option<Arc<Kept>>,
}

impl Engine {
    /// An engine with a pool that holds as many instances as the limits say. Address space is reserved for all of them,
    /// memory is taken when they use it.
    pub fn new(limits: &Limits) -> Result<Self, EngineError> {
        let instances = limits.sessions_max.saturating_add(limits.calls_max).saturating_add(MOVES_MAX);
        check_mappings(instances)?;
        let mut config = config(limits.memory_bytes, limits.stack_bytes);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, instances)?));
        let inner = wasmtime::Engine::new(&config).map_err(|error| EngineError::Wasmtime(chain(&error)))?;
        let clock = Clock::start(&inner).map_err(EngineError::Thread)?;
        Ok(Self {
            inner,
            sessions: Places::new("sessions", limits.sessions_max),
            calls: Places::new("calls", limits.calls_max),
            moves: Places::new("moves", MOVES_MAX),
            allowance: Allowance::new(limits.guest.clone(), Arc::new(|_| {})),
            limits: Arc::new(limits.clone()),
            clock,
            compiler: None,
        })
    }

    /// The same engine, which from now on compiles this way; without, it does so in this process, and keeps nothing.
    pub fn with_compiler(self, compiler: Compiler) -> Result<Self, EngineError> {
        let compiler = Some(Arc::new(Kept::new(compiler)?));
        Ok(Self { compiler, ..self })
    }

    /// Machine code of a component that was seen to be one of ours.
    pub(crate) fn compile(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        match &self.compiler {
            Some(kept) => kept.component(self, bytes),
            None => Component::from_binary(&self.inner, bytes).map_err(|error| LoadError::Unusable(chain(&error))),
        }
    }

    /// What it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sessions that are open now.
    pub fn sessions(&self) -> usize {
        self.sessions.taken.load(Ordering::Acquire)
    }
}

/// Sessions that move at a time, each with two instances for a moment. A move waits for nothing: no more than threads do it.
const MOVES_MAX: usize = 64;

/// Kernel mappings that one live instance takes: its memory in two protections, its image, its table.
const MAPPINGS_PER_INSTANCE: usize = 4;

/// Mappings left to everything else in the process.
const MAPPINGS_SPARE: usize = 4096;

const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";

/// Past vm.max_map_count, any thread's next allocation fails, and the process hangs: so many instances must fit beforehand.
fn check_mappings(instances: usize) -> Result<(), EngineError> {
    // A kernel without this file has no such bound.
    let Ok(text) = fs::read_to_string(MAX_MAP_COUNT) else {
        return Ok(());
    };
    let allowed = text.trim().parse().unwrap_or(usize::MAX);
    let needed = instances.saturating_mul(MAPPINGS_PER_INSTANCE).saturating_add(MAPPINGS_SPARE);
    if needed > allowed {
        Err(EngineError::Mappings {
            instances,
            needed,
            allowed,
        })
    } else {
        Ok(())
    }
}

/// An engine that makes the code that an [`Engine`] with these limits takes, and has no pool.
pub(crate) fn compiling(memory_bytes: usize, stack_bytes: usize) -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(&config(memory_bytes, stack_bytes))
}

/// All that decides what code is made.
fn config(memory_bytes: usize, stack_bytes: usize) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true).concurrency_support(false);
    config.wasm_gc(false).wasm_function_references(false).wasm_exceptions(false);
    config
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false);
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        // For debuggers of this process, and for offsets in traces that nobody is shown: both cost who waits for a deploy.
        .native_unwind_info(false)
        .generate_address_map(false);
    config
        .epoch_interruption(true)
        .consume_fuel(false)
        .max_wasm_stack(stack_bytes);
    // Bounds are checked in code, so that a place in the pool is as large as a guest's memory may be, and not 4 GiB: ten thousand
    // of those leave no address space for a second engine, and each would take page tables of its own.
    config
        .memory_init_cow(true)
        .memory_reservation(u64::try_from(memory_bytes).unwrap_or(u64::MAX))
        .memory_guard_size(64 << 10)
        .memory_may_move(false);
    config
}

fn pool(limits: &Limits, instances: usize) -> Result<PoolingAllocationConfig, EngineError> {
    let instances = u32::try_from(instances).map_err(|_| EngineError::Mappings {
        instances,
        needed: usize::MAX,
        allowed: u32::MAX as usize,
    })?;
    let mut pool = PoolingAllocationConfig::new();
    // Our guests are one core instance with one memory and one table. Other toolchains make several core instances of a
    // component, with shims between them that have tables and no memory.
    pool.total_component_instances(instances)
        .total_memories(instances)
        .max_memories_per_component(1);
    pool.total_core_instances(instances.saturating_mul(8))
        .max_core_instances_per_component(64);
    pool.total_tables(instances.saturating_mul(2))
        .max_tables_per_component(8)
        .table_elements(20_000);
    pool.max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(limits.memory_bytes);
    // What an instance leaves behind is overwritten in place up to here, and handed back to the kernel beyond. Where the kernel
    // can say which pages were written (Linux 6.7), only those are: a translator's memory comes back without page faults.
    // Over the full path 1.2 to 1.5 times the messages (`load suite`), against 64 KiB and no scan.
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(16 << 10)
        .decommit_batch_size(16);
    Ok(pool)
}

/// Places in the pool for one kind of instance, so that no kind takes another's.
pub(crate) struct Places {
    kind: &'static str,
    taken: AtomicUsize,
    max: usize,
}

impl Places {
    fn new(kind: &'static str, max: usize) -> Arc<Self> {
        Arc::new(Self {
            kind,
            taken: AtomicUsize::new(0),
            max,
        })
    }

    /// One place, until it is dropped; else a sentence about why there is none.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Place, String> {
        let one_more = |taken| (taken < self.max).then_some(taken + 1);
        match self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Ok(Place(self.clone())),
            Err(_) => Err(format!("all {} places for {} are taken", self.max, self.kind)),
        }
    }
}

/// One instance's place in the pool.
pub(crate) struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Why there is no engine.
#[derive(Debug)]
pub enum EngineError {
    /// The kernel allows fewer memory mappings than so many instances take.
    Mappings {
        /// Sessions and calls of the limits together.
        instances: usize,
        /// Mappings that they may take.
        needed: usize,
        /// vm.max_map_count.
        allowed: usize,
    },
    /// wasmtime could not be set up.
    Wasmtime(String),
    /// The thread that keeps time could not be started.
    Thread(io::Error),
    /// Machine code cannot be kept there.
    Directory {
        /// Where.
        dir: PathBuf,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Mappings {
                instances,
                needed,
                allowed,
            } => write!(
                f,
                "{instances} instances may take {needed} memory mappings and the kernel allows {allowed}: lower the limit of \
                 sessions, or raise it with `sysctl vm.max_map_count={needed}`"
            ),
            EngineError::Wasmtime(why) => write!(f, "failed to set up wasmtime: {why}"),
            EngineError::Directory { dir, why } => write!(f, "directory for compiled components {}: {why}", dir.display()),
            EngineError::Thread(error) => write!(f, "failed to start the thread that keeps guests' time: {error}"),
        }
    }
}

impl Error for EngineError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn more_instances_than_the_kernel_can_map_are_refused_by_its_name_for_that() {
        let limits = Limits {
            sessions_max: 1 << 40,
            ..Limits::default()
        };
        let error = Engine::new(&limits).err().unwrap();
        assert!(matches!(error, EngineError::Mappings { .. }));
        assert!(error.to_string().contains("sysctl vm.max_map_count="), "{error}");
    }

    #[test]
    fn a_place_is_taken_until_it_is_dropped() {
        let places = Places::new("sessions", 1);
        let place = places.take().unwrap();
        assert_eq!(places.take().err().unwrap(), "all 1 places for sessions are taken");
        drop(place);
        assert!(places.take().is_ok());
    }
}
