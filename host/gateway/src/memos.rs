//! What translators asked to have handed back: one memo an account, in memory only.

use crate::limits::{MEMO_OCTETS_MAX, MEMOS_MAX};
use edgebind_runtime::translator::Memo;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A memo and the time that it is kept until.
type Kept = (u64, Vec<u8>);

/// The memos of one tenant.
#[derive(Debug, Default)]
pub struct Memos {
    by_account: Mutex<HashMap<Arc<str>, Kept>>,
}

impl Memos {
    /// The memo of an account, unless its time is over.
    pub fn get(&self, account: &str, now: u64) -> Option<Vec<u8>> {
        let memos = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        memos
            .get(account)
            .filter(|(until, _)| *until > now)
            .map(|(_, bytes)| bytes.clone())
    }

    /// Replaces the memo of an account. One that is too large, or one too many, is not kept: the translator asks again.
    pub fn put(&self, account: &Arc<str>, memo: Memo, now: u64) {
        let mut memos = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        if memo.bytes.len() > MEMO_OCTETS_MAX {
            memos.remove(account);
            return;
        }
        if memos.len() >= MEMOS_MAX && !memos.contains_key(account) {
            memos.retain(|_, (until, _)| *until > now);
        }
        if memos.len() < MEMOS_MAX || memos.contains_key(account) {
            memos.insert(account.clone(), (now.saturating_add(memo.ttl_ms), memo.bytes));
        }
    }
}
