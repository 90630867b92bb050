//! Programs of WASI 0.2, such as the unit tests of a guest built for wasm32-wasip2: run once, with arguments and output and nothing
//! else. Between a test runner and a file that cargo built; no guest of a tenant's ever comes this way.

use crate::{compile, fault::chain};
use std::{fmt, fs, path::Path, process};
use wasmtime::{
    Config, Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView, p2::bindings::sync::Command};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, or with this code of `exit`.
    Exit(i32),
    /// It said that it failed, without a code.
    Failed,
}

/// Why a program did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramError {
    /// It is none that can be run here.
    Unusable(String),
    /// It trapped, as a panic does where panics abort.
    Trapped(String),
}

/// Runs a program with these arguments, the first of which is its own name; it writes to our standard output and standard error, sees no
/// environment, no file and no network, and has the clocks and randomness of this machine. What it was compiled to is kept in this
/// folder: a test runner runs the same program once for each test.
pub fn run_program(bytes: &[u8], args: &[String], kept: &Path) -> Result<Ended, ProgramError> {
    let unusable = |error: wasmtime::Error| ProgramError::Unusable(chain(&error));
    let mut config = Config::new();
    config.wasm_component_model(true).concurrency_support(false);
    let engine = wasmtime::Engine::new(&config).map_err(unusable)?;
    let component = component(&engine, bytes, kept)?;
    let mut linker: Linker<Alone> = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(unusable)?;
    let context = WasiCtx::builder().inherit_stdout().inherit_stderr().args(args).build();
    let mut store = Store::new(
        &engine,
        Alone {
            context,
            table: ResourceTable::new(),
        },
    );
    let command = Command::instantiate(&mut store, &component, &linker).map_err(unusable)?;
    match command.wasi_cli_run().call_run(&mut store) {
        Ok(Ok(())) => Ok(Ended::Exit(0)),
        Ok(Err(())) => Ok(Ended::Failed),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(Ended::Exit(exit.0)),
            None => Err(ProgramError::Trapped(chain(&error))),
        },
    }
}

/// Its machine code, from the folder or made now; a folder that cannot be written only makes the next run slower.
fn component(engine: &wasmtime::Engine, bytes: &[u8], kept: &Path) -> Result<Component, ProgramError> {
    let unusable = |error: wasmtime::Error| ProgramError::Unusable(chain(&error));
    if compile::ours_alone(kept).is_ok() {
        let path = kept.join(compile::key(engine, bytes));
        if let Some(component) = compile::load(engine, &path) {
            return Ok(component);
        }
        let code = engine.precompile_component(bytes).map_err(unusable)?;
        let new = path.with_extension(format!("{}.new", process::id()));
        if compile::write(&new, &code).is_ok()
            && fs::rename(&new, &path).is_ok()
            && let Some(component) = compile::load(engine, &path)
        {
            return Ok(component);
        }
    }
    Component::from_binary(engine, bytes).map_err(unusable)
}

struct Alone {
    context: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Alone {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.context,
            table: &mut self.table,
        }
    }
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProgramError::Unusable(why) => write!(f, "not a program for wasm32-wasip2: {why}"),
            ProgramError::Trapped(why) => write!(f, "trapped: {why}"),
        }
    }
}

impl std::error::Error for ProgramError {}
