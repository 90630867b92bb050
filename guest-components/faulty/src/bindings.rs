//! The contract as Rust types, generated from `wit/`. Nothing is written by hand here.
#![expect(missing_docs, reason = "the documentation is in wit/")]

/// A component describes one world: for wasm, only the one that is exported is here.
#[cfg(not(all(target_arch = "wasm32", feature = "translator")))]
pub mod session {
    wit_bindgen::generate!({
        world: "edgebind:session/session",
        path: ["../../wit/message", "../../wit/session"],
        generate_all,
        pub_export_macro: true,
    });
}

#[cfg(not(all(target_arch = "wasm32", not(feature = "translator"))))]
pub mod translator {
    wit_bindgen::generate!({
        world: "edgebind:translator/translator",
        path: ["../../wit/message", "../../wit/translator"],
        generate_all,
        pub_export_macro: true,
    });
}
