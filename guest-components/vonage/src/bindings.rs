//! The contract as Rust types, generated from `wit/`. Nothing is written by hand here.
#![expect(missing_docs, reason = "the documentation is in wit/")]
#![expect(
    clippy::crate_in_macro_def,
    reason = "the macro that exports the component means this crate"
)]

wit_bindgen::generate!({
    world: "edgebind:translator/translator",
    path: ["../../wit/message", "../../wit/translator"],
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "crate::bindings",
    additional_derives: [PartialEq],
});
