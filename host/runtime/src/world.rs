//! What a component must be to be let in: the world it claims, no import beyond its words, every function with our types.

use crate::{
    engine::Engine,
    fault::{CallLimits, Fault, chain},
    instance::{Instance, Room, State},
};
use aws_lc_rs::digest::{SHA256, digest};
use std::{collections::BTreeSet, error::Error, fmt, fmt::Write as _};
use wasmtime::{
    Store,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, Instance as WasmInstance, InstancePre, Lift, Linker, Lower,
        types::ComponentItem,
    },
};

/// One world of the contract.
pub(crate) struct World {
    /// Interfaces that hold types only; a component may import these and nothing else.
    pub(crate) words: &'static [&'static str],
    /// The interface that it exports.
    pub(crate) interface: &'static str,
    /// The functions of that interface.
    pub(crate) functions: &'static [Function],
}

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

/// A component that was let in: compiled, linked to nothing, and seen to be its world.
pub(crate) struct Admitted {
    pub(crate) pre: InstancePre<State>,
    pub(crate) digest: String,
}

/// Lets a component in, or names every reason why not.
pub(crate) fn admit(engine: &Engine, bytes: &[u8], world: &World) -> Result<Admitted, LoadError> {
    let limit = engine.limits.component_bytes_max;
    if bytes.len() > limit {
        return Err(LoadError::TooLarge {
            bytes: bytes.len(),
            limit,
        });
    }
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled);
    }
    let component = Component::from_binary(&engine.inner, bytes).map_err(|error| LoadError::Unusable(chain(&error)))?;
    let mistakes = shape_mistakes(engine, &component, world);
    if !mistakes.is_empty() {
        return Err(LoadError::World(mistakes));
    }
    let pre = Linker::new(&engine.inner)
        .instantiate_pre(&component)
        .map_err(|error| LoadError::Unusable(chain(&error)))?;
    let mistakes = try_out(engine, &pre, world).map_err(LoadError::TrialRun)?;
    if !mistakes.is_empty() {
        return Err(LoadError::World(mistakes));
    }
    Ok(Admitted {
        pre,
        digest: sha256(bytes),
    })
}

/// What is missing from the component and what it has too much, as far as names go.
fn shape_mistakes(engine: &Engine, component: &Component, world: &World) -> Vec<String> {
    let shape = component.component_type();
    let mut mistakes = Vec::new();
    for (name, import) in shape.imports(&engine.inner) {
        if !world.words.contains(&name) {
            mistakes.push(format!(
                "imports {name}, and a guest may import nothing but words of the contract ({})",
                world.words.join(", ")
            ));
        } else if let ComponentItem::ComponentInstance(words) = import.ty {
            for (item, _) in words
                .exports(&engine.inner)
                .filter(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
            {
                mistakes.push(format!("imports {item} of {name}, which has types only"));
            }
        }
    }
    match shape.get_export(&engine.inner, world.interface).map(|export| export.ty) {
        Some(ComponentItem::ComponentInstance(interface)) => {
            let has: BTreeSet<&str> = interface
                .exports(&engine.inner)
                .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)))
                .map(|(name, _)| name)
                .collect();
            let wanted: BTreeSet<&str> = world.functions.iter().map(|function| function.name).collect();
            mistakes.extend(
                wanted
                    .difference(&has)
                    .map(|name| format!("{} lacks {name}", world.interface)),
            );
            mistakes.extend(
                has.difference(&wanted)
                    .map(|name| format!("{} has {name} on top of the contract", world.interface)),
            );
        }
        _ => {
            let exports: Vec<&str> = shape.exports(&engine.inner).map(|(name, _)| name).collect();
            let instead = if exports.is_empty() {
                "nothing".into()
            } else {
                exports.join(", ")
            };
            mistakes.push(format!("does not export {} (it exports {instead})", world.interface));
        }
    }
    mistakes
}

/// Makes one instance, and asks it for every function by its type.
fn try_out(engine: &Engine, pre: &InstancePre<State>, world: &World) -> Result<Vec<String>, Fault> {
    let mut trial = Instance::new(engine, &engine.allowance, Room::for_call(engine, &engine.allowance)?);
    let component = pre.component();
    // Whose it will be, and how much memory they give it, is not known yet.
    let limits = CallLimits {
        memory_bytes: engine.limits.memory_bytes,
        ..engine.allowance.translation()
    };
    let instance = trial.call(limits, |store| pre.instantiate(store))?;
    let mut mistakes = Vec::new();
    trial.call(limits, |store| {
        let interface = component.get_export_index(None, world.interface);
        for function in world.functions {
            let checked = match component.get_export_index(interface.as_ref(), function.name) {
                Some(index) => (function.check)(&instance, store, &index).map_err(|error| chain(&error)),
                None => Err("is missing".into()),
            };
            if let Err(why) = checked {
                mistakes.push(format!("{} of {}: {why}", function.name, world.interface));
            }
        }
        Ok(())
    })?;
    Ok(mistakes)
}

fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut hex, octet| {
            let _ = write!(hex, "{octet:02x}");
            hex
        })
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
    /// Its first instance failed.
    TrialRun(Fault),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::TooLarge { bytes, limit } => write!(f, "component of {bytes} octets exceeds {limit}"),
            LoadError::Precompiled => f.write_str("precompiled code is not accepted: deploy the component itself"),
            LoadError::Unusable(why) => write!(f, "not a usable component: {why}"),
            LoadError::World(mistakes) => write!(f, "not a component of this world: {}", mistakes.join("; ")),
            LoadError::TrialRun(fault) => write!(f, "its first instance {fault}"),
        }
    }
}

impl Error for LoadError {}
