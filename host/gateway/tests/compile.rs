//! Components that are compiled by the program itself, in a process of its own, and what becomes of one that is too much for it.
#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing fails where it should")]

use edgebind_runtime::{ChildCommand, Compiler, Engine, Limits, LoadError, SessionComponent};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

const SESSION: &[u8] = include_bytes!(env!("EDGEBIND_SESSION"));

fn compiler(dir: &TempDir) -> Compiler {
    let child = ChildCommand {
        program: PathBuf::from(env!("CARGO_BIN_EXE_edgebind")),
        args: vec!["compile".into()],
        env: vec![("MIMALLOC_ARENA_RESERVE".into(), "16MiB".into())],
    };
    Compiler::new(dir.path().join("compiled"), Some(child))
}

fn engine(compiler: Compiler) -> Engine {
    let limits = Limits {
        sessions_max: 8,
        calls_max: 8,
        ..Limits::default()
    };
    Engine::new(&limits).unwrap().with_compiler(compiler).unwrap()
}

#[test]
fn a_component_is_compiled_by_a_child_and_taken_by_the_pool() {
    let dir = TempDir::new().unwrap();
    let component = SessionComponent::load(&engine(compiler(&dir)), SESSION).unwrap();
    assert_eq!(component.check(&[]), Ok(Vec::new()));
    assert_eq!(kept(&dir), 1);
}

#[test]
fn what_is_wrong_with_a_component_is_said_by_the_child() {
    let dir = TempDir::new().unwrap();
    // Its function lacks its end.
    let broken = with_module(1, &[0x01]);
    let error = SessionComponent::load(&engine(compiler(&dir)), &broken).err().unwrap();
    assert!(
        matches!(&error, LoadError::Unusable(why) if !why.contains("edgebind:")),
        "{error}"
    );
    assert_eq!(kept(&dir), 0);
}

#[test]
fn a_component_that_takes_the_compiler_too_long_ends_the_child() {
    let dir = TempDir::new().unwrap();
    let engine = engine(Compiler {
        seconds_max: 1,
        ..compiler(&dir)
    });
    let body = [&CALL.repeat(2_000)[..], &[END]].concat();
    let error = SessionComponent::load(&engine, &with_module(4_000, &body)).err().unwrap();
    assert_eq!(error, LoadError::Compile("takes more than 1 s".into()));
    assert_eq!(kept(&dir), 0);
}

#[test]
fn a_component_that_takes_the_compiler_too_much_memory_ends_the_child() {
    let dir = TempDir::new().unwrap();
    let engine = engine(Compiler {
        memory_bytes_max: 192 << 20,
        ..compiler(&dir)
    });
    let body = [&CALL.repeat(500_000)[..], &[END]].concat();
    let error = SessionComponent::load(&engine, &with_module(2, &body)).err().unwrap();
    assert_eq!(
        error,
        LoadError::Compile(format!("takes more than {} octets of memory", 192 << 20))
    );
    assert_eq!(kept(&dir), 0);
}

#[test]
fn a_component_that_makes_too_much_code_ends_the_child() {
    let dir = TempDir::new().unwrap();
    let engine = engine(Compiler {
        kept_bytes_max: 64 << 10,
        ..compiler(&dir)
    });
    let error = SessionComponent::load(&engine, SESSION).err().unwrap();
    assert_eq!(
        error,
        LoadError::Compile(format!("makes more than {} octets of machine code", 64 << 10))
    );
    assert_eq!(kept(&dir), 0);
}

/// Calls the first function.
const CALL: [u8; 2] = [0x10, 0];
const END: u8 = 0x0b;

fn kept(dir: &TempDir) -> usize {
    fs::read_dir(dir.path().join("compiled")).unwrap().count()
}

/// The session component with a module in it that nothing uses, of so many functions with this body: WebAssembly core
/// specification 5.5, component model binary format.
fn with_module(functions: u32, body: &[u8]) -> Vec<u8> {
    let no_parameters_no_results = [1, 0x60, 0, 0];
    let types = [number(functions), vec![0; functions as usize]].concat();
    let no_locals = [&[0], body].concat();
    let function = [number(no_locals.len() as u32), no_locals].concat();
    let code = [number(functions), function.repeat(functions as usize)].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &no_parameters_no_results),
        section(3, &types),
        section(10, &code),
    ]
    .concat();
    [SESSION, &section(1, &module)].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], number(content.len() as u32), content.to_vec()].concat()
}

/// LEB128.
fn number(mut value: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    while value > 0x7f {
        octets.push(value as u8 | 0x80);
        value >>= 7;
    }
    octets.push(value as u8);
    octets
}
