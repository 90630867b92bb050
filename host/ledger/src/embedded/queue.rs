//! The way from callers to the writer's thread: bounded, and closable without waiting for any caller.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{LedgerError, Result};

/// Nobody comes any more when nobody came for so long.
const QUIET: Duration = Duration::from_micros(30);

pub(super) struct Queue<C> {
    /// One permit a command; callers wait for theirs.
    room: Arc<Semaphore>,
    commands: Mutex<Commands<C>>,
    changed: Condvar,
}

struct Commands<C> {
    waiting: VecDeque<(C, OwnedSemaphorePermit)>,
    closed: bool,
}

impl<C> Queue<C> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(max)),
            commands: Mutex::new(Commands {
                waiting: VecDeque::new(),
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits for room. Dropping the future sends nothing.
    pub(super) async fn send(&self, command: C) -> Result<()> {
        let permit = self.room.clone().acquire_owned().await.map_err(|_| LedgerError::Closed)?;
        let mut commands = self.commands();
        if commands.closed {
            return Err(LedgerError::Closed);
        }
        commands.waiting.push_back((command, permit));
        self.changed.notify_one();
        Ok(())
    }

    /// Blocks until there are commands, then takes them into `group` while `more` says so. False when the queue is closed
    /// and everything sent before has been taken.
    pub(super) fn receive(&self, group: &mut Vec<C>, mut more: impl FnMut(&C) -> bool) -> bool {
        let mut commands = self.commands();
        while commands.waiting.is_empty() {
            if commands.closed {
                return false;
            }
            commands = self.changed.wait(commands).unwrap_or_else(PoisonError::into_inner);
        }
        while let Some((command, _permit)) = commands.waiting.pop_front() {
            let go_on = more(&command);
            group.push(command);
            if !go_on {
                break;
            }
        }
        true
    }

    /// How many commands wait.
    pub(super) fn waiting(&self) -> usize {
        self.commands().waiting.len()
    }

    /// Waits for those who were just answered and come again, beside those who wait already: until `count` commands wait, or none
    /// has come for a while, or `most` has passed. A sync costs the same for all of them.
    pub(super) fn gather(&self, count: usize, most: Duration) {
        if count < 2 {
            return;
        }
        let began = Instant::now();
        let (mut seen, mut last) = (0, Duration::ZERO);
        loop {
            let (waiting, closed) = {
                let commands = self.commands();
                (commands.waiting.len(), commands.closed)
            };
            let now = began.elapsed();
            if waiting > seen {
                (seen, last) = (waiting, now);
            }
            if closed || waiting >= count || now >= most || now - last >= QUIET {
                return;
            }
            // Shorter than any sleep, and whoever comes needs this processor more.
            std::thread::yield_now();
        }
    }

    /// Sends from now on fail, those that wait for room included.
    pub(super) fn close(&self) {
        self.room.close();
        self.commands().closed = true;
        self.changed.notify_one();
    }

    /// Closes, and drops what nobody will take any more.
    pub(super) fn abandon(&self) {
        self.close();
        self.commands().waiting.clear();
    }

    fn commands(&self) -> MutexGuard<'_, Commands<C>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_past_the_bound_waits_until_something_is_taken() {
        let queue = Queue::new(2);
        queue.send(1).await.unwrap();
        queue.send(2).await.unwrap();
        let mut third = std::pin::pin!(queue.send(3));
        assert!(futures_poll(third.as_mut()).is_none(), "no room");
        let mut group = Vec::new();
        assert!(queue.receive(&mut group, |_| false));
        assert_eq!(group, [1]);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn closing_ends_the_waiting_and_keeps_what_was_sent() {
        let queue = Queue::new(1);
        queue.send(1).await.unwrap();
        let mut second = std::pin::pin!(queue.send(2));
        assert!(futures_poll(second.as_mut()).is_none(), "no room");
        queue.close();
        assert_eq!(second.await, Err(LedgerError::Closed));
        let mut group = Vec::new();
        assert!(queue.receive(&mut group, |_| true));
        assert_eq!(group, [1]);
        assert!(!queue.receive(&mut group, |_| true));
    }

    #[tokio::test]
    async fn gathering_takes_nothing_and_ends_when_nobody_comes_or_the_queue_is_closed() {
        let queue = Queue::new(4);
        queue.send(1).await.unwrap();
        queue.gather(4, Duration::MAX);
        queue.send(2).await.unwrap();
        queue.gather(2, Duration::MAX);
        queue.close();
        queue.gather(4, Duration::MAX);
        let mut group = Vec::new();
        assert!(queue.receive(&mut group, |_| true));
        assert_eq!(group, [1, 2]);
    }

    fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
