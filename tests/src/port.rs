//! Ports for those who cannot listen on port 0 and say what they got.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the kernel gives ports to clients and to port 0, so that nobody takes one in between.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of the loopback that is free now, and that no other caller of this process gets.
pub fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap();
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port between 20000 and 32000 is free")
}
