//! A map of bounded size that forgets what was touched longest ago, a generation at a time.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, mem};

/// Two generations of at most half the bound each: when the young one is full, the old one is forgotten and the young one takes
/// its place. What is touched becomes young.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Of at most `max` entries, which is 2 or more; at least the latest half of them are there.
    pub fn new(max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (max / 2).max(1),
        }
    }

    /// The value of a key, if it is not forgotten.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.put(key, value);
        }
        self.young.get_mut(key)
    }

    /// Sets the value of a key.
    pub fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() == self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_half_is_remembered_and_no_more_than_all() {
        let mut recent = Recent::new(10);
        for key in 0_u32..100 {
            recent.put(key, key);
            assert!(recent.young.len() + recent.old.len() <= 10);
            for late in key.saturating_sub(4)..=key {
                assert!(
                    recent.young.contains_key(&late) || recent.old.contains_key(&late),
                    "{late} at {key}"
                );
            }
        }
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn what_is_touched_stays() {
        let mut recent = Recent::new(4);
        recent.put("mine", 7);
        for key in ["a", "b", "c", "d", "e", "f", "g"] {
            recent.put(key, 0);
            assert_eq!(recent.get("mine"), Some(&mut 7), "behind {key}");
        }
        assert_eq!(recent.get("a"), None);
    }
}
