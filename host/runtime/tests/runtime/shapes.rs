//! What a component is seen to be before it is compiled.

use crate::guests::{few, session_bytes, translator_bytes};
use crate::worlds::component;
use edgebind_runtime::{LoadError, World, inspect};

const MOST: usize = 32 << 20;

#[test]
fn a_component_is_seen_to_be_for_its_world() {
    let shape = inspect(session_bytes(), few().component_bytes_max).unwrap();
    assert_eq!((shape.world, shape.contract, shape.wasi), (World::Session, "0.3.0", false));
    assert_eq!((shape.octets, shape.digest.len()), (session_bytes().len(), 64));
    assert_eq!(inspect(translator_bytes(), MOST).unwrap().world, World::Translator);
}

#[test]
fn one_octet_too_many_is_refused_unread() {
    let limit = session_bytes().len() - 1;
    let bytes = session_bytes().len();
    assert_eq!(inspect(session_bytes(), limit), Err(LoadError::TooLarge { bytes, limit }));
}

#[test]
fn wasi_is_noticed_and_what_else_acts_is_refused() {
    let importing = |import: &str| component("session", &[("export machine;", &format!("{import} export machine;"))]);
    let wasi = inspect(&importing("import wasi:random/insecure-seed@0.2.6;"), MOST).unwrap();
    assert!(wasi.wasi);
    let mistakes = mistakes(&importing("import nosy: func();"));
    let [mistake] = mistakes.as_slice() else {
        panic!("{mistakes:?}")
    };
    assert!(
        mistake.starts_with("imports nosy, and a guest may import nothing but words"),
        "{mistake}"
    );
}

#[test]
fn a_component_of_both_worlds_or_of_none_is_told_what_to_do() {
    let both = component(
        "session",
        &[(
            "export machine;",
            "export machine; export edgebind:translator/translation@0.3.0;",
        )],
    );
    assert_eq!(
        mistakes(&both),
        [
            "exports both edgebind:session/machine@0.3.0 and edgebind:translator/translation@0.3.0: make two components of it, each \
          with one of them"
        ]
    );
    let none = component("session", &[("export machine;", "export other: func();")]);
    assert_eq!(
        mistakes(&none),
        [
            "exports neither edgebind:session/machine@0.1.0 nor edgebind:session/machine@0.2.0 nor edgebind:session/machine@0.3.0 nor \
             edgebind:translator/translation@0.1.0 nor edgebind:translator/translation@0.2.0 nor edgebind:translator/translation@0.3.0 (it exports other): build it \
          for the world `session` or the world `translator`"
        ]
    );
}

#[test]
fn another_version_of_a_contract_is_named_beside_the_one_that_is_served() {
    let newer = component(
        "session",
        &[("package edgebind:session@0.3.0", "package edgebind:session@0.9.0")],
    );
    let mistakes = mistakes(&newer);
    let told = "does not export edgebind:session/machine@0.1.0 nor edgebind:session/machine@0.2.0 nor edgebind:session/machine@0.3.0 (it exports edgebind:session/machine@0.9.0)";
    assert!(mistakes.iter().any(|mistake| mistake == told), "{mistakes:?}");
}

#[test]
fn a_core_module_is_told_how_to_become_a_component() {
    let error = inspect(b"\0asm\x01\0\0\0", MOST).unwrap_err().to_string();
    assert!(
        error.contains("core module") && error.contains("edgebind component wrap"),
        "{error}"
    );
}

fn mistakes(bytes: &[u8]) -> Vec<String> {
    match inspect(bytes, MOST) {
        Err(LoadError::World(mistakes)) => mistakes,
        other => panic!("{other:?}"),
    }
}
