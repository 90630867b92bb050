//! What a component must be to be let in: the world it claims, no import beyond its words, every function with our types.

use crate::{
    engine::Engine,
    fault::{CallLimits, Fault, chain},
    inspect::Names,
    instance::{Instance, Room, State},
    wasi,
};
use aws_lc_rs::digest::{SHA256, digest};
use std::{error::Error, fmt, fmt::Write as _};
use wasmtime::{
    Store,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, Instance as WasmInstance, InstancePre, Lift, Linker, Lower,
    },
};

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum World {
    /// The logic of binds.
    Session,
    /// What stands between messages and an HTTP API.
    Translator,
}

/// A world in one version, by its names.
pub(crate) struct Contract {
    pub(crate) world: World,
    pub(crate) version: &'static str,
    /// Interfaces that hold types only; a component may import these, WASI, and nothing else.
    pub(crate) words: &'static [&'static str],
    /// The interface that it exports.
    pub(crate) interface: &'static str,
    /// The functions of that interface.
    pub(crate) functions: &'static [Function],
}

/// Every contract that is served, of each world the newest last.
pub(crate) const CONTRACTS: &[&Contract] = &[
    &crate::session::V0_1,
    &crate::session::V0_2,
    &crate::session::LATEST,
    &crate::translator::V0_1,
    &crate::translator::V0_2,
    &crate::translator::LATEST,
];

/// One function of a world, by its name in the component, and whether an instance has it with our types.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&WasmInstance, &mut Store<State>, &ComponentExportIndex) -> wasmtime::Result<()>,
}

/// Whether the exported function takes and returns these.
pub(crate) fn has_type<P, R>(
    instance: &WasmInstance,
    store: &mut Store<State>,
    function: &ComponentExportIndex,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    instance.get_typed_func::<P, R>(store, function).map(drop)
}

/// A component that was let in: compiled, linked to nothing or to what WASI is here, and seen to be its world.
pub(crate) struct Admitted {
    pub(crate) pre: InstancePre<State>,
    pub(crate) digest: String,
    pub(crate) version: &'static str,
    /// It imports WASI.
    pub(crate) wasi: bool,
}

/// Lets a component in, or names every reason why not.
pub(crate) fn admit(engine: &Engine, bytes: &[u8], world: World) -> Result<Admitted, LoadError> {
    let names = Names::read(bytes, engine.limits.component_bytes_max)?;
    let contract = names
        .contract_of(world)
        .ok_or_else(|| LoadError::World(vec![format!("the world `{world}` is not served")]))?;
    names.fit(contract)?;
    let component = engine.compile(bytes)?;
    let wasi = names.wasi();
    let pre = link(engine, &component, wasi).map_err(|error| LoadError::Unusable(chain(&error)))?;
    let mistakes = try_out(engine, &pre, contract, wasi).map_err(LoadError::TrialRun)?;
    if !mistakes.is_empty() {
        return Err(LoadError::World(mistakes));
    }
    Ok(Admitted {
        pre,
        digest: sha256(bytes),
        version: contract.version,
        wasi,
    })
}

fn link(engine: &Engine, component: &Component, wasi: bool) -> wasmtime::Result<InstancePre<State>> {
    let mut linker = Linker::new(&engine.inner);
    if wasi {
        wasi::link(&mut linker, component)?;
    }
    linker.instantiate_pre(component)
}

/// Where an instance of the component has this function of the interface.
pub(crate) fn export(pre: &InstancePre<State>, interface: &str, name: &str) -> wasmtime::Result<ComponentExportIndex> {
    let component = pre.component();
    let interface = component.get_export_index(None, interface);
    component
        .get_export_index(interface.as_ref(), name)
        .ok_or_else(|| wasmtime::Error::msg(format!("{name} is missing")))
}

/// Makes one instance, and asks it for every function by its type.
fn try_out(engine: &Engine, pre: &InstancePre<State>, contract: &Contract, wasi: bool) -> Result<Vec<String>, Fault> {
    let room = Room::for_call(engine, &engine.allowance)?;
    let mut trial = Instance::new(engine, &engine.allowance, room, wasi);
    let component = pre.component();
    // Whose it will be, and how much memory they give it, is not known yet.
    let limits = CallLimits {
        memory_bytes: engine.limits.memory_bytes,
        ..engine.allowance.translation()
    };
    let instance = trial.call(limits, |store| pre.instantiate(store))?;
    let mut mistakes = Vec::new();
    trial.call(limits, |store| {
        let interface = component.get_export_index(None, contract.interface);
        for function in contract.functions {
            let checked = match component.get_export_index(interface.as_ref(), function.name) {
                Some(index) => (function.check)(&instance, store, &index).map_err(|error| chain(&error)),
                None => Err("is missing".into()),
            };
            if let Err(why) = checked {
                mistakes.push(format!("{} of {}: {why}", function.name, contract.interface));
            }
        }
        Ok(())
    })?;
    Ok(mistakes)
}

/// Its SHA-256, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut hex, octet| {
        let _ = write!(hex, "{octet:02x}");
        hex
    })
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            World::Session => "session",
            World::Translator => "translator",
        })
    }
}

/// Why a component is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is larger than allowed.
    TooLarge {
        /// Its octets.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// It is machine code from a compiler of unknown intentions.
    Precompiled,
    /// It is no component, or none that this engine and its pool can run.
    Unusable(String),
    /// It is not its world; every difference.
    World(Vec<String>),
    /// It takes more to compile than any component should.
    Compile(String),
    /// Its first instance failed.
    TrialRun(Fault),
    /// We could not compile it, whatever it is.
    Host(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::TooLarge { bytes, limit } => write!(f, "component of {bytes} octets exceeds {limit}"),
            LoadError::Precompiled => f.write_str("precompiled code is not accepted: deploy the component itself"),
            LoadError::Unusable(why) => write!(f, "not a usable component: {why}"),
            LoadError::World(mistakes) => write!(f, "not a component of this world: {}", mistakes.join("; ")),
            LoadError::Compile(why) => write!(f, "compiling it {why}"),
            LoadError::Host(why) => write!(f, "failed to compile it: {why}"),
            LoadError::TrialRun(fault) => write!(f, "its first instance {fault}"),
        }
    }
}

impl Error for LoadError {}
