//! What of a lane is under way: of one destination one message at a time, in the order in which they were claimed.

use crate::limits::ORDERED_MAX;
use edgebind_runtime::message::Address;
use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// One destination. Two that share a number wait for each other, which harms nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination(u64);

impl Destination {
    /// The one of this address.
    pub fn of(address: &Address) -> Self {
        let mut hasher = DefaultHasher::new();
        address.digits.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Who is under way, and who waits behind them.
#[derive(Debug)]
pub struct Order<T> {
    state: Mutex<State<T>>,
    ended: Notify,
}

#[derive(Debug)]
struct State<T> {
    /// A destination is here for as long as a message to it is under way.
    behind: HashMap<Destination, VecDeque<T>>,
    waiting: usize,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                behind: HashMap::new(),
                waiting: 0,
            }),
            ended: Notify::new(),
        }
    }
}

impl<T> Order<T> {
    /// The item, if it may go now; else it waits, and [`next`](Self::next) gives it to whoever goes before it.
    pub fn begin(&self, destination: Destination, item: T) -> Option<T> {
        let mut state = self.state();
        if let Some(behind) = state.behind.get_mut(&destination) {
            behind.push_back(item);
            state.waiting += 1;
            return None;
        }
        state.behind.insert(destination, VecDeque::new());
        Some(item)
    }

    /// The one to this destination has ended: the next that may go.
    pub fn next(&self, destination: Destination) -> Option<T> {
        let mut state = self.state();
        let next = state.behind.get_mut(&destination).and_then(VecDeque::pop_front);
        match next {
            Some(_) => state.waiting -= 1,
            None => drop(state.behind.remove(&destination)),
        }
        self.ended.notify_one();
        next
    }

    /// Returns when fewer destinations than this are under way, and not too much waits behind them. For one who begins.
    pub async fn room(&self, under_way_max: usize) {
        loop {
            {
                let state = self.state();
                if state.behind.len() < under_way_max && state.waiting < ORDERED_MAX {
                    return;
                }
            }
            self.ended.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn to(digits: &str) -> Destination {
        Destination::of(&Address {
            ton: 1,
            npi: 1,
            digits: digits.into(),
        })
    }

    #[test]
    fn one_at_a_time_to_one_destination_and_all_at_once_to_others() {
        let order = Order::default();
        assert_eq!(order.begin(to("1"), 'a'), Some('a'));
        assert_eq!(order.begin(to("1"), 'b'), None);
        assert_eq!(order.begin(to("2"), 'c'), Some('c'));
        assert_eq!(order.begin(to("1"), 'd'), None);
        assert_eq!(order.next(to("2")), None);
        assert_eq!(order.next(to("1")), Some('b'));
        assert_eq!(order.next(to("1")), Some('d'));
        assert_eq!(order.next(to("1")), None);
        assert_eq!(order.begin(to("1"), 'e'), Some('e'), "nobody is before it");
    }

    #[tokio::test]
    async fn there_is_room_when_one_has_ended() {
        let order = Order::default();
        order.begin(to("1"), 0);
        order.room(2).await;
        assert!(order.room(1).now_or_never().is_none());
        let (next, ()) = tokio::join!(async { order.next(to("1")) }, order.room(1));
        assert_eq!(next, None);
        order.begin(to("2"), 0);
        for waiting in 1..=ORDERED_MAX {
            order.room(2).await;
            order.begin(to("2"), waiting);
        }
        assert!(order.room(2).now_or_never().is_none(), "too many wait");
        order.next(to("2"));
        order.room(2).await;
    }
}
