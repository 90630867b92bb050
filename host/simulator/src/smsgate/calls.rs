//! The log of everything that was asked of the look-alike.

use std::collections::{BTreeMap, VecDeque};

use super::submission::Submission;
use crate::fault::Fault;

/// One HTTP request.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it came, in milliseconds since 1970.
    pub at_ms: u64,
    /// As it came.
    pub method: String,
    /// Without the prefix; with its leading slash.
    pub path: String,
    /// Without its question mark.
    pub query: String,
    /// The login whose credentials came with it and were good.
    pub account: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
    /// For `POST /messages` with a readable body, valid or not.
    pub submission: Option<Submission>,
    /// What it was answered with; none while it is being answered, and for ever if the connection was cut.
    pub status: Option<u16>,
    /// What went wrong with it on request.
    pub fault: Option<Fault>,
}

pub(crate) struct Calls {
    /// The oldest calls are forgotten beyond this many; the counts are not.
    most: usize,
    recent: VecDeque<Call>,
    forgotten: usize,
    posts: BTreeMap<String, usize>,
}

impl Calls {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            recent: VecDeque::new(),
            forgotten: 0,
            posts: BTreeMap::new(),
        }
    }

    /// Notes a call and gives the number by which its answer is noted.
    pub(crate) fn arrived(&mut self, call: Call) -> usize {
        if let Some(id) = call.submission.as_ref().and_then(|submission| submission.id.clone()) {
            *self.posts.entry(id).or_default() += 1;
        }
        if self.recent.len() == self.most {
            self.recent.pop_front();
            self.forgotten += 1;
        }
        self.recent.push_back(call);
        self.forgotten + self.recent.len() - 1
    }

    pub(crate) fn known_as(&mut self, number: usize, login: &str) {
        if let Some(call) = self.call(number) {
            call.account = Some(login.into());
        }
    }

    pub(crate) fn spoilt(&mut self, number: usize, fault: &Fault) {
        if let Some(call) = self.call(number) {
            call.fault = Some(fault.clone());
        }
    }

    pub(crate) fn answered(&mut self, number: usize, status: u16) {
        if let Some(call) = self.call(number) {
            call.status = Some(status);
        }
    }

    /// In order of arrival.
    pub(crate) fn recent(&mut self) -> &[Call] {
        self.recent.make_contiguous()
    }

    /// How often each id was posted, answered or not.
    pub(crate) fn posts(&self) -> &BTreeMap<String, usize> {
        &self.posts
    }

    fn call(&mut self, number: usize) -> Option<&mut Call> {
        self.recent.get_mut(number.checked_sub(self.forgotten)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Calls};

    const MOST: usize = 1_000;

    fn call() -> Call {
        Call {
            at_ms: 0,
            method: "GET".into(),
            path: "/devices".into(),
            query: String::new(),
            account: None,
            content_type: None,
            user_agent: None,
            body: Vec::new(),
            submission: None,
            status: None,
            fault: None,
        }
    }

    #[test]
    fn one_call_past_the_bound_forgets_the_oldest_and_keeps_the_numbers() {
        let mut calls = Calls::new(MOST);
        for _ in 0..MOST {
            calls.arrived(call());
        }
        let number = calls.arrived(call());
        calls.answered(0, 200);
        calls.answered(number, 202);
        assert_eq!(calls.recent().len(), MOST);
        assert_eq!(calls.recent().iter().filter(|call| call.status.is_some()).count(), 1);
        assert_eq!(calls.recent().last().unwrap().status, Some(202));
    }
}
