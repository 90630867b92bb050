//! What a component says of itself, read before any of it is compiled: which world it is for, and everything by name that it
//! has too much or too little for that.

use crate::world::{CONTRACTS, Contract, LoadError, World};
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{
    Parser, Payload, ValidPayload, Validator, WasmFeatures,
    component_types::{ComponentEntityType, ComponentItem},
    types::Types,
};

/// A component that looks like one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it is for.
    pub world: World,
    /// The version of the contract that it was made by.
    pub contract: &'static str,
    /// It imports WASI.
    pub wasi: bool,
    /// What it imports, by name.
    pub imports: Vec<String>,
    /// SHA-256 of its octets, in hex.
    pub digest: String,
    /// How many there are.
    pub octets: usize,
}

/// Reads what a component of at most so many octets is, or names every reason why it will not do. Compiles nothing: what the
/// types of its functions are is looked at when it is loaded.
pub fn inspect(bytes: &[u8], component_bytes_max: usize) -> Result<Shape, LoadError> {
    let names = Names::read(bytes, component_bytes_max)?;
    let contract = names.contract()?;
    names.fit(contract)?;
    Ok(Shape {
        world: contract.world,
        contract: contract.version,
        wasi: names.wasi(),
        imports: names.imports.keys().cloned().collect(),
        digest: crate::world::sha256(bytes),
        octets: bytes.len(),
    })
}

/// The names by which a component is connected to the world.
pub(crate) struct Names {
    /// Each import, with those of its items that are more than a type.
    imports: BTreeMap<String, Vec<String>>,
    /// Each export, with the functions of it.
    exports: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    /// Reads the names, if this is a component of allowed size and no machine code.
    pub(crate) fn read(bytes: &[u8], component_bytes_max: usize) -> Result<Self, LoadError> {
        if bytes.len() > component_bytes_max {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                limit: component_bytes_max,
            });
        }
        if wasmtime::Engine::detect_precompiled(bytes).is_some() {
            return Err(LoadError::Precompiled);
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::Unusable("it does not begin as WebAssembly does".into()));
        }
        match Parser::is_core_wasm(bytes) {
            true => Err(LoadError::Unusable(
                "it is a core module: make it a component with `edgebind component wrap`, or build for wasm32-wasip2".into(),
            )),
            false => names(bytes).map_err(|error| LoadError::Unusable(error.to_string())),
        }
    }

    /// It imports WASI.
    pub(crate) fn wasi(&self) -> bool {
        self.imports.keys().any(|name| is_wasi(name))
    }

    /// The contract that it was made by, or the one that it comes closest to.
    fn contract(&self) -> Result<&'static Contract, LoadError> {
        let exported = |contract: &&&Contract| self.exports.contains_key(contract.interface);
        let worlds: BTreeSet<World> = CONTRACTS.iter().filter(exported).map(|contract| contract.world).collect();
        if worlds.len() > 1 {
            return Err(LoadError::World(vec![format!(
                "exports both {}: make two components of it, each with one of them",
                interfaces(exported, " and ")
            )]));
        }
        let of_name = |contract: &&&Contract| {
            self.exports
                .keys()
                .any(|name| unversioned(name) == unversioned(contract.interface))
        };
        let newest_first = || CONTRACTS.iter().rev();
        newest_first()
            .find(exported)
            .or_else(|| newest_first().find(of_name))
            .copied()
            .ok_or_else(|| {
                LoadError::World(vec![format!(
                    "exports neither {} (it exports {}): build it for the world `session` or the world `translator`",
                    interfaces(|_| true, " nor "),
                    self.exported()
                )])
            })
    }

    /// The contract of this world that it was made by, or the newest.
    pub(crate) fn contract_of(&self, world: World) -> Option<&'static Contract> {
        let of_world = || CONTRACTS.iter().rev().filter(|contract| contract.world == world);
        of_world()
            .find(|contract| self.exports.contains_key(contract.interface))
            .or_else(|| of_world().next())
            .copied()
    }

    /// Names everything that is missing from it, and that it has too much, as far as names go.
    pub(crate) fn fit(&self, contract: &Contract) -> Result<(), LoadError> {
        let Contract { words, interface, .. } = contract;
        let mut mistakes = Vec::new();
        for (name, items) in self.imports.iter().filter(|(name, _)| !is_wasi(name)) {
            if words.contains(&name.as_str()) {
                mistakes.extend(
                    items
                        .iter()
                        .map(|item| format!("imports {item} of {name}, which has types only")),
                );
            } else {
                mistakes.push(format!(
                    "imports {name}, and a guest may import nothing but words of the contract ({}) and WASI 0.2",
                    words.join(", ")
                ));
            }
        }
        match self.exports.get(*interface) {
            Some(has) => {
                let has: BTreeSet<&str> = has.iter().map(String::as_str).collect();
                let wanted: BTreeSet<&str> = contract.functions.iter().map(|function| function.name).collect();
                mistakes.extend(wanted.difference(&has).map(|name| format!("{interface} lacks {name}")));
                let more = has.difference(&wanted);
                mistakes.extend(more.map(|name| format!("{interface} has {name} on top of the contract")));
            }
            None => mistakes.push(format!(
                "does not export {} (it exports {})",
                interfaces(|other| other.world == contract.world, " nor "),
                self.exported()
            )),
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(LoadError::World(mistakes))
        }
    }

    fn exported(&self) -> String {
        match self.exports.is_empty() {
            true => "nothing".into(),
            false => self.exports.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The packages of WASI 0.2. Of them, whoever calls wasi:http fails.
const WASI_PACKAGES: [&str; 7] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

fn is_wasi(name: &str) -> bool {
    WASI_PACKAGES
        .iter()
        .any(|package| name.starts_with(package) && name.contains("@0.2."))
}

fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

fn interfaces(which: impl Fn(&&&Contract) -> bool, between: &str) -> String {
    let interfaces: Vec<&str> = CONTRACTS.iter().filter(which).map(|contract| contract.interface).collect();
    interfaces.join(between)
}

fn names(bytes: &[u8]) -> wasmparser::Result<Names> {
    // What a component may be made of is for the compiler to say, which knows fewer words than this.
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let valid = validator.payload(&payload)?;
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export?.name.name);
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let (0, ValidPayload::End(types)) = (depth, valid) {
            return Ok(Names {
                imports: imports
                    .into_iter()
                    .map(|name| {
                        let items = items(&types, types.component_item_for_import(name));
                        let acts = items.filter(|(_, ty)| !matches!(ty, ComponentEntityType::Type { .. }));
                        (name.to_owned(), acts.map(|(name, _)| name.to_owned()).collect())
                    })
                    .collect(),
                exports: exports
                    .into_iter()
                    .map(|name| {
                        let items = items(&types, types.component_item_for_export(name));
                        let functions = items.filter(|(_, ty)| matches!(ty, ComponentEntityType::Func(_)));
                        (name.to_owned(), functions.map(|(name, _)| name.to_owned()).collect())
                    })
                    .collect(),
            });
        }
    }
    Ok(Names {
        imports: BTreeMap::new(),
        exports: BTreeMap::new(),
    })
}

/// What is in an instance; nothing, if it is none.
fn items<'a>(types: &'a Types, item: Option<&ComponentItem>) -> impl Iterator<Item = (&'a str, &'a ComponentEntityType)> {
    let instance = match item.map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => Some(&types[id]),
        _ => None,
    };
    instance
        .into_iter()
        .flat_map(|instance| instance.exports.iter().map(|(name, item)| (name.as_str(), &item.ty)))
}
