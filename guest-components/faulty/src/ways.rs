//! Ways to break: each does one thing that no guest should, as plainly as the compiler lets it.

use std::hint::black_box;

/// Never returns.
pub(crate) fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory until it is refused, which ends it. Writes nothing there: that would take time, and time is another misdeed.
pub(crate) fn hoard() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(Vec::with_capacity(1 << 16)));
        black_box(&hoard);
    }
}

/// Calls itself until the stack is gone.
#[expect(unconditional_recursion, reason = "that is the misdeed")]
pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    recurse(depth + 1) + black_box(frame[3])
}

/// A string that is none.
#[expect(unsafe_code, reason = "no safe code can lie about a string")]
pub(crate) fn not_utf8() -> String {
    // SAFETY: it is not sound, and nobody in this instance looks at it; what is tested is that the host does.
    unsafe { String::from_utf8_unchecked(vec![b'a', 0xFF, 0xFE]) }
}
