//! How much memory code asks for, and a bound on it: counted in the allocator of every program of this crate.
#![expect(unsafe_code, reason = "a global allocator that counts cannot be written without it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Octets that one program may hold at a time; one more is an allocation that fails, which ends it.
pub const LIVE_OCTETS_MAX: usize = 1 << 30;

/// What code asked for, whether it gave it back or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often.
    pub times: usize,
    /// Octets in all. Something that grows is counted with each of its sizes.
    pub octets: usize,
}

/// Does `work`, and says what this thread asked for meanwhile.
pub fn of<T>(work: impl FnOnce() -> T) -> (T, Asked) {
    let before = ASKED.get();
    let result = work();
    let after = ASKED.get();
    let asked = Asked {
        times: after.times - before.times,
        octets: after.octets - before.octets,
    };
    (result, asked)
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static LIVE_OCTETS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ASKED: Cell<Asked> = const { Cell::new(Asked { times: 0, octets: 0 }) };
}

fn ask(octets: usize) {
    let asked = ASKED.get();
    ASKED.set(Asked {
        times: asked.times + 1,
        octets: asked.octets.wrapping_add(octets),
    });
}

// SAFETY: every call goes to the system's allocator as it is, or is answered with null, which says that there is no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ask(layout.size());
        if LIVE_OCTETS.fetch_add(layout.size(), Relaxed).saturating_add(layout.size()) > LIVE_OCTETS_MAX {
            LIVE_OCTETS.fetch_sub(layout.size(), Relaxed);
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_OCTETS.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_counted_with_what_it_grows_by() {
        assert_eq!(of(|| 1 + 1), (2, Asked::default()));
        let (vector, asked) = of(|| {
            let mut vector = Vec::<u8>::with_capacity(100);
            vector.extend([0; 101]);
            vector
        });
        assert_eq!(asked.times, 2);
        assert_eq!(asked.octets, 100 + vector.capacity());
    }
}
