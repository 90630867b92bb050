//! A way in that chance does not find: whether coverage and comparisons guide the engine is seen by its coming out.

use crate::{
    engine::{Budget, Engine},
    target::Target,
};

/// Panics at the end of the way.
const MAZE: Target = Target {
    name: "maze",
    run,
    seeds: || vec![vec![0; 16]],
    octets_max: 32,
};

/// A hundred times what it takes.
const EXECUTIONS_MAX: u64 = 200_000;

fn run(input: &[u8]) {
    let word = |at: usize| input[at..].first_chunk().map(|octets| u32::from_be_bytes(*octets));
    if input.len() < 16 || word(2) != Some(0xDEAD_BEEF) {
        return;
    }
    match word(9) {
        Some(0x8000_0103) => panic!("the end of the way"),
        Some(0x0001_0021) => assert!(input.len() < 100),
        Some(0x0712_3123) => assert!(!input.is_empty()),
        _ => {}
    }
}

/// Whether the engine finds it; never without instrumentation.
#[must_use]
pub fn is_found() -> bool {
    let found = Engine::new(MAZE, 1).run(Vec::new(), Budget::Executions(EXECUTIONS_MAX));
    matches!(found, Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_does_not_find_it() {
        assert!(!is_found());
    }
}
