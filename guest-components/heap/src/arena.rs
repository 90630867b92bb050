//! The allocator of the component that this is linked into.
#![expect(
    unsafe_code,
    reason = "an allocator is told which memory is its own, and nobody can check that"
)]

use core::{alloc::Layout, arch::wasm32};
use talc::{
    base::{Talc, binning::Binning},
    cell::TalcSyncCell,
    source::Source,
    wasm::WasmBinning,
};

/// What a session takes for the messages of a full window, or a translator for any that fits one SMS, several times over.
const ARENA_OCTETS: usize = 128 << 10;

const PAGE_OCTETS: usize = 64 << 10;

/// What the allocator writes about a stretch of memory of its own, with room to spare.
const OVERHEAD_OCTETS: usize = 64;

#[global_allocator]
static HEAP: TalcSyncCell<Arena, WasmBinning> = TalcSyncCell::new_wasm(Arena { is_claimed: false });

static mut ARENA: [u8; ARENA_OCTETS] = [0; ARENA_OCTETS];

#[derive(Debug)]
struct Arena {
    is_claimed: bool,
}

// SAFETY: it allocates nothing, and claims no memory twice: the arena once, and pages as they are grown.
unsafe impl Source for Arena {
    fn acquire<B: Binning>(heap: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if !heap.source.is_claimed {
            heap.source.is_claimed = true;
            // SAFETY: only this line names the arena, and it is reached once.
            let end = unsafe { heap.claim((&raw mut ARENA).cast(), ARENA_OCTETS) };
            return end.map(drop).ok_or(());
        }
        let octets = layout.size().saturating_add(layout.align()).saturating_add(OVERHEAD_OCTETS);
        let pages = octets.div_ceil(PAGE_OCTETS);
        let before = wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return Err(());
        }
        // SAFETY: these pages are new, and nobody else in this module grows memory.
        let end = unsafe { heap.claim((before * PAGE_OCTETS) as *mut u8, pages * PAGE_OCTETS) };
        end.map(drop).ok_or(())
    }
}
