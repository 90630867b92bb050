//! Who is not let in, and what they are told: components of another world, of an older or newer contract, and what is no
//! component. The contracts they were made by are ours with one word changed.

use crate::guests::{engine, session_bytes, translator_bytes};
use edgebind_runtime::{LoadError, SessionComponent, TranslatorComponent};
use std::{fs, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

const MACHINE: &str = "edgebind:session/machine@0.3.0";
/// As components are told that export none of them.
const MACHINES: &str = "edgebind:session/machine@0.1.0 nor edgebind:session/machine@0.2.0 nor edgebind:session/machine@0.3.0";
const WASI: &str = "package wasi:random@0.2.6; interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }";
const TRANSLATION: &str = "edgebind:translator/translation@0.3.0";
const TRANSLATIONS: &str =
    "edgebind:translator/translation@0.1.0 nor edgebind:translator/translation@0.2.0 nor edgebind:translator/translation@0.3.0";

#[test]
fn components_of_the_contract_as_it_stands_are_let_in() {
    assert_eq!(session_made_by(&[]), Ok(()));
    assert_eq!(translator_made_by(&[]), Ok(()));
}

#[test]
fn a_translator_is_no_session_and_the_other_way_round() {
    let engine = engine();
    let error = SessionComponent::load(&engine, translator_bytes()).err().unwrap();
    assert!(
        error
            .to_string()
            .contains(&format!("does not export {MACHINES} (it exports {TRANSLATION})")),
        "{error}"
    );
    assert!(
        error.to_string().contains("imports edgebind:translator/types@0.3.0"),
        "{error}"
    );
    let error = TranslatorComponent::load(&engine, session_bytes()).err().unwrap();
    assert!(
        error
            .to_string()
            .contains(&format!("does not export {TRANSLATIONS} (it exports {MACHINE})")),
        "{error}"
    );
}

#[test]
fn a_session_that_wants_to_act_is_told_what_it_must_not_import() {
    let mistakes = session_made_by(&[(
        "export machine;",
        "import nosy: func(); import log: interface { say: func(it: string); } export machine;",
    )])
    .unwrap_err();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(
        mistakes
            .iter()
            .any(|mistake| mistake.starts_with("imports nosy, and a guest may import nothing but words")),
        "{mistakes:?}"
    );
    assert!(
        mistakes.iter().any(|mistake| mistake.starts_with("imports log, ")),
        "{mistakes:?}"
    );
}

#[test]
fn a_missing_function_and_one_too_many_are_both_named() {
    let mistakes = session_made_by(&[("save: func()", "store: func()")]).unwrap_err();
    assert_eq!(
        mistakes,
        [
            format!("{MACHINE} lacks [method]session.save"),
            format!("{MACHINE} has [method]session.store on top of the contract")
        ]
    );
}

#[test]
fn a_case_that_was_added_names_the_functions_that_take_it() {
    let mistakes = session_made_by(&[("        drain,\n", "        drain,\n        pause,\n")]).unwrap_err();
    let [mistake] = mistakes.as_slice() else {
        panic!("{mistakes:?}")
    };
    assert!(
        mistake.starts_with(&format!("[method]session.on-events of {MACHINE}: ")) && mistake.contains("variant"),
        "{mistake}"
    );
}

#[test]
fn a_field_with_another_name_is_named() {
    let mistakes = session_made_by(&[("account: string,\n        settings", "esme: string,\n        settings")]).unwrap_err();
    assert_eq!(mistakes.len(), 2, "the constructor and restore: {mistakes:?}");
    assert!(
        mistakes
            .iter()
            .all(|mistake| mistake.contains("account") && mistake.contains("esme")),
        "{mistakes:?}"
    );
}

#[test]
fn a_field_with_another_type_names_its_function() {
    let mistakes = translator_made_by(&[("attempt: u32", "attempt: u64")]).unwrap_err();
    assert_eq!(mistakes.len(), 3, "begin, resume and webhook: {mistakes:?}");
    assert!(
        mistakes
            .iter()
            .all(|mistake| mistake.contains("u32") && mistake.contains("u64")),
        "{mistakes:?}"
    );
}

#[test]
fn another_version_of_the_contract_is_another_world() {
    let edits = [("package edgebind:session@0.3.0", "package edgebind:session@0.4.0")];
    let mistakes = session_made_by(&edits).unwrap_err();
    assert!(
        mistakes
            .iter()
            .any(|mistake| mistake == &format!("does not export {MACHINES} (it exports edgebind:session/machine@0.4.0)")),
        "{mistakes:?}"
    );
}

#[test]
fn what_is_no_component_is_said_to_be_none() {
    let engine = engine();
    let empty_module = b"\0asm\x01\0\0\0";
    for bytes in [&b""[..], b"not wasm at all", empty_module, &session_bytes()[..1000]] {
        let error = SessionComponent::load(&engine, bytes).err().unwrap();
        assert!(matches!(error, LoadError::Unusable(_)), "{error}");
    }
}

#[test]
fn precompiled_code_is_refused() {
    let precompiled = wasmtime::Engine::default().precompile_component(session_bytes()).unwrap();
    assert_eq!(
        SessionComponent::load(&engine(), &precompiled).err(),
        Some(LoadError::Precompiled)
    );
}

/// What is wrong with a session made by the contract with these words changed.
fn session_made_by(edits: &[(&str, &str)]) -> Result<(), Vec<String>> {
    mistakes(SessionComponent::load(&engine(), &component("session", edits)).map(drop))
}

/// What is wrong with a translator made by the contract with these words changed.
fn translator_made_by(edits: &[(&str, &str)]) -> Result<(), Vec<String>> {
    mistakes(TranslatorComponent::load(&engine(), &component("translator", edits)).map(drop))
}

fn mistakes(loaded: Result<(), LoadError>) -> Result<(), Vec<String>> {
    loaded.map_err(|error| match error {
        LoadError::World(mistakes) => mistakes,
        other => panic!("{other}"),
    })
}

/// A component of the world, with functions that do nothing but trap. It may import or export what is in the other's package, and
/// import a piece of WASI.
pub(crate) fn component(world: &str, edits: &[(&str, &str)]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_str("message.wit", &contract("message")).unwrap();
    resolve.push_str("wasi.wit", WASI).unwrap();
    let other = if world == "session" { "translator" } else { "session" };
    resolve.push_str(format!("{other}.wit"), &contract(other)).unwrap();
    let mut text = contract(world);
    for (from, to) in edits {
        assert!(text.contains(from), "{world}.wit no longer says {from:?}");
        text = text.replace(from, to);
    }
    let package = resolve.push_str(format!("{world}.wit"), &text).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

fn contract(package: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../wit")
        .join(package)
        .join(format!("{package}.wit"));
    fs::read_to_string(path).unwrap()
}
