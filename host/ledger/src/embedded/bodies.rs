//! Recent bodies, kept in memory to spare a read at claim. The oldest give way.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::EntryId;

#[derive(Debug)]
pub(super) struct Bodies {
    kept: BTreeMap<EntryId, Bytes>,
    bytes: usize,
    bytes_max: usize,
}

impl Bodies {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    pub(super) fn keep(&mut self, id: EntryId, body: Bytes) {
        self.forget(id);
        self.bytes += body.len();
        self.kept.insert(id, body);
        while self.bytes > self.bytes_max {
            let Some((_, oldest)) = self.kept.pop_first() else { break };
            self.bytes -= oldest.len();
        }
    }

    pub(super) fn of(&self, id: EntryId) -> Option<Bytes> {
        self.kept.get(&id).cloned()
    }

    pub(super) fn forget(&mut self, id: EntryId) {
        if let Some(body) = self.kept.remove(&id) {
            self.bytes -= body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_give_way_one_past_the_bound() {
        let id = |raw| EntryId::from_u64(raw).unwrap();
        let mut bodies = Bodies::new(10);
        for raw in 1..=5 {
            bodies.keep(id(raw), Bytes::from_static(b"two"));
        }
        let kept: Vec<bool> = (1..=5).map(|raw| bodies.of(id(raw)).is_some()).collect();
        assert_eq!(kept, [false, false, true, true, true]);
        bodies.forget(id(4));
        bodies.keep(id(6), Bytes::from_static(b"two"));
        assert!(bodies.of(id(3)).is_some(), "what was forgotten takes no room");
        bodies.keep(id(6), Bytes::from_static(b"four"));
        assert_eq!((bodies.kept.len(), bodies.bytes), (3, 10), "what was replaced takes no room");
        bodies.keep(id(7), Bytes::from_static(b"more than ten"));
        assert_eq!((bodies.kept.len(), bodies.bytes), (0, 0), "one that is too long is not kept");
    }
}
