//! Where the code went, and what it compared: LLVM's SanitizerCoverage, which stable rustc adds when asked with `-C passes`.
//!
//! The hooks stand in every build and are called in an instrumented one only; elsewhere nothing is ever new.
#![expect(unsafe_code, reason = "the compiler calls the hooks by name and gives them raw pointers")]

use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// What makes rustc instrument: a counter for every edge of the control flow, and a call for every comparison.
pub const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The edges that were ever taken, and how often in one run, roughly.
#[derive(Debug, Default)]
pub struct Seen {
    /// For each edge a bit for every magnitude of its counter that one run had.
    magnitudes: Vec<u8>,
    /// The counters of the last run.
    counters: Vec<u8>,
}

impl Seen {
    /// Runs `work`; whether it went where no run went before, or much more often.
    pub fn watch<T>(&mut self, work: impl FnOnce() -> T) -> (T, bool) {
        reset();
        WATCHED.store(true, Relaxed);
        let result = work();
        WATCHED.store(false, Relaxed);
        copy(&mut self.counters);
        (result, self.take())
    }

    /// How many edges were ever taken.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.magnitudes.iter().filter(|&&magnitudes| magnitudes != 0).count()
    }

    fn take(&mut self) -> bool {
        self.magnitudes.resize(self.counters.len(), 0);
        let mut new = false;
        // Nearly every counter is zero, and this loop counts too: many are passed over at a time.
        for (counters, seen) in self.counters.chunks(BLOCK).zip(self.magnitudes.chunks_mut(BLOCK)) {
            if counters == &[0; BLOCK][..counters.len()] {
                continue;
            }
            for (&counter, seen) in counters.iter().zip(seen).filter(|(counter, _)| **counter != 0) {
                let magnitude = magnitude(counter);
                new |= magnitude & !*seen != 0;
                *seen |= magnitude;
            }
        }
        new
    }
}

/// Counters that are looked at together.
const BLOCK: usize = 64;

/// The bit of 1, 2, 3, 4-7, 8-15, 16-31, 32-127 and more times; none for no time.
fn magnitude(count: u8) -> u8 {
    const MAGNITUDES: [u8; 256] = {
        let mut magnitudes = [1 << 7; 256];
        let mut count = 0;
        while count < 128 {
            magnitudes[count] = match count {
                0 => 0,
                1 => 1,
                2 => 1 << 1,
                3 => 1 << 2,
                4..=7 => 1 << 3,
                8..=15 => 1 << 4,
                16..=31 => 1 << 5,
                _ => 1 << 6,
            };
            count += 1;
        }
        magnitudes
    };
    MAGNITUDES[usize::from(count)]
}

/// The counters of the whole program: the linker puts them side by side.
static COUNTERS: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static COUNTERS_LEN: AtomicUsize = AtomicUsize::new(0);

fn reset() {
    let length = COUNTERS_LEN.load(Relaxed);
    if length > 0 {
        // SAFETY: the pointer and the length are those of a section of this program that is never moved; nothing but octets is in it.
        unsafe { ptr::write_bytes(COUNTERS.load(Relaxed), 0, length) };
    }
}

/// A copy, since the code that looks at it counts too.
fn copy(into: &mut Vec<u8>) {
    let length = COUNTERS_LEN.load(Relaxed);
    into.resize(length, 0);
    if length > 0 {
        // SAFETY: as in `reset`; `into` has as many octets and is not a part of the section.
        unsafe { ptr::copy_nonoverlapping(COUNTERS.load(Relaxed), into.as_mut_ptr(), length) };
    }
}

/// Two numbers that were compared and were not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Octets of each: 2, 4 or 8.
    pub width: usize,
    /// One of them is a part of the input, with luck.
    pub sides: [u64; 2],
}

const COMPARISONS: usize = 1 << 10;

/// The last comparisons, in no order; the width stands in the third place.
static COMPARED: [[AtomicU64; 3]; COMPARISONS] = [const { [const { AtomicU64::new(0) }; 3] }; COMPARISONS];
static COMPARED_LAST: AtomicUsize = AtomicUsize::new(0);

/// Whether a target runs: what the engine compares in between is nobody's input.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// One of the last comparisons; `pick` chooses.
#[must_use]
pub fn comparison(pick: usize) -> Option<Comparison> {
    let [left, right, width] = &COMPARED[pick % COMPARISONS];
    match width.load(Relaxed) as usize {
        0 => None,
        width => Some(Comparison {
            width,
            sides: [left.load(Relaxed), right.load(Relaxed)],
        }),
    }
}

#[inline(always)]
fn compared(width: u64, left: u64, right: u64) {
    // Small numbers are found by chance, and compared in every loop.
    if left != right && left | right > u64::from(u8::MAX) && WATCHED.load(Relaxed) {
        // Torn by another thread it is only less useful.
        let place = COMPARED_LAST.load(Relaxed).wrapping_add(1);
        COMPARED_LAST.store(place, Relaxed);
        let entry = &COMPARED[place % COMPARISONS];
        entry[0].store(left, Relaxed);
        entry[1].store(right, Relaxed);
        entry[2].store(width, Relaxed);
    }
}

// LLVM leaves functions of these names without instrumentation: they do not call themselves.

/// Called before `main` by every instrumented crate, with the same section each time.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    COUNTERS.store(start, Relaxed);
    COUNTERS_LEN.store(stop.addr() - start.addr(), Relaxed);
}

/// A hook that remembers a comparison of two numbers.
macro_rules! compare_hooks {
    ($($name:ident($number:ty))*) => {
        $(#[unsafe(no_mangle)]
        extern "C" fn $name(left: $number, right: $number) {
            compared(size_of::<$number>() as u64, left as u64, right as u64);
        })*
    };
}

compare_hooks! {
    __sanitizer_cov_trace_cmp2(u16)
    __sanitizer_cov_trace_cmp4(u32)
    __sanitizer_cov_trace_cmp8(u64)
    __sanitizer_cov_trace_const_cmp2(u16)
    __sanitizer_cov_trace_const_cmp4(u32)
    __sanitizer_cov_trace_const_cmp8(u64)
}

/// Single octets are found by chance soon enough.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_cmp1(_: u8, _: u8) {}

#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_const_cmp1(_: u8, _: u8) {}

/// `cases` holds how many values there are, the bits of each, and the values.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_switch(value: u64, cases: *const u64) {
    // SAFETY: the compiler passes an array with two numbers in front and as many behind as the first says.
    let (values, bits) = unsafe {
        let count = usize::try_from(*cases).unwrap_or(0);
        (slice::from_raw_parts(cases.add(2), count), *cases.add(1))
    };
    if bits > 8 {
        // A different one each time.
        let pick = COMPARED_LAST.load(Relaxed);
        if let Some(&case) = pick.checked_rem(values.len()).and_then(|place| values.get(place)) {
            compared(bits / 8, value, case);
        }
    }
}
