//! The heap of a guest: an arena in the memory that an instance begins with, and more pages when that is used up.
//!
//! An instance that grows its memory makes the kernel change the protection of those pages, and change it back for the next
//! instance in that place; each change interrupts every other processor that runs the gateway. The standard library's allocator
//! grows at its first allocation. A guest that names this crate (`use edgebind_heap as _`) does not grow for ordinary messages.
//! Pages of the arena that nobody touches cost nothing. Outside of WebAssembly this crate is empty.

#[cfg(target_arch = "wasm32")]
mod arena;
