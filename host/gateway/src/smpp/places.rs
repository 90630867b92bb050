//! Places for connections: so many in all, and so many of them from one source. A connection that gets none is closed.

use super::source::Source;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

/// The places of all listeners together.
pub struct Places {
    max: usize,
    per_source_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// No entry is 0.
    by_source: HashMap<Source, usize>,
}

impl Places {
    /// So many, and so many from one source.
    pub fn new(max: usize, per_source_max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            per_source_max,
            taken: Mutex::default(),
        })
    }

    /// A place for a connection whose source is not known yet; none when all are taken.
    pub fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all == self.max {
            return None;
        }
        taken.all += 1;
        drop(taken);
        Some(Place {
            places: self.clone(),
            source: None,
        })
    }
}

/// One place, given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    source: Option<Source>,
}

impl Place {
    /// Counts this place as one of its source's; false when those are all taken.
    pub fn assign(&mut self, source: Source) -> bool {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.by_source.entry(source).or_default();
        if *count == self.places.per_source_max {
            return false;
        }
        *count += 1;
        self.source = Some(source);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(Entry::Occupied(mut entry)) = self.source.map(|source| taken.by_source.entry(source)) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::of(text.parse().unwrap())
    }

    #[test]
    fn one_too_many_gets_no_place_until_one_is_given_back() {
        let places = Places::new(2, 9);
        let first = places.take().unwrap();
        let _second = places.take().unwrap();
        assert!(places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
    }

    #[test]
    fn one_too_many_of_a_source_leaves_others_their_places() {
        let places = Places::new(9, 1);
        let [mut one, mut two, mut other] = [(); 3].map(|()| places.take().unwrap());
        assert!(one.assign(source("2001:db8::1")));
        assert!(!two.assign(source("2001:db8::2")), "the same /64");
        assert!(other.assign(source("192.0.2.1")));
        drop(two);
        drop(one);
        assert!(places.take().unwrap().assign(source("2001:db8::3")));
    }

    #[test]
    fn nothing_is_remembered_of_sources_that_are_gone() {
        let places = Places::new(9, 9);
        for number in 0..50 {
            let mut place = places.take().unwrap();
            assert!(place.assign(source(&format!("192.0.2.{number}"))));
        }
        let taken = places.taken.lock().unwrap();
        assert_eq!((taken.all, taken.by_source.len()), (0, 0));
    }
}
