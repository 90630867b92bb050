//! The contract as Rust types, generated from `wit/`. Nothing is written by hand here.
#![expect(missing_docs, reason = "the documentation is in wit/")]
#![expect(
    clippy::crate_in_macro_def,
    reason = "the generated export macro is used in this crate alone"
)]

wit_bindgen::generate!({
    world: "edgebind:session/session",
    path: ["../../wit/message", "../../wit/session"],
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "crate::bindings",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
