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
    /// With its leading slash.
    pub path: String,
    /// Without its question mark.
    pub query: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
    /// For `POST /sms/json` with a form, valid or not.
    pub submission: Option<Submission>,
    /// The key of the account whose credentials came with it and were good.
    pub account: Option<String>,
    /// What it was answered with; none while it is being answered, and for ever if the connection was cut.
    pub status: Option<u16>,
    /// The `status` of each item of the answer; none of those that a fault made up.
    pub statuses: Vec<u16>,
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

    /// Notes a call and gives the number by which more is noted of it.
    pub(crate) fn arrived(&mut self, call: Call) -> usize {
        if let Some(reference) = call.submission.as_ref().and_then(Submission::client_ref) {
            *self.posts.entry(reference.to_owned()).or_default() += 1;
        }
        if self.recent.len() == self.most {
            self.recent.pop_front();
            self.forgotten += 1;
        }
        self.recent.push_back(call);
        self.forgotten + self.recent.len() - 1
    }

    /// Adds to a call what has become known, unless it is forgotten.
    pub(crate) fn note(&mut self, number: usize, note: impl FnOnce(&mut Call)) {
        let at = number.checked_sub(self.forgotten);
        if let Some(call) = at.and_then(|at| self.recent.get_mut(at)) {
            note(call);
        }
    }

    /// In order of arrival.
    pub(crate) fn recent(&mut self) -> &[Call] {
        self.recent.make_contiguous()
    }

    /// How often each `client-ref` was posted, whatever the answer.
    pub(crate) fn posts(&self) -> &BTreeMap<String, usize> {
        &self.posts
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Calls};
    use crate::vonage::submission::Submission;

    fn call() -> Call {
        Call {
            at_ms: 0,
            method: "POST".into(),
            path: "/sms/json".into(),
            query: String::new(),
            authorization: None,
            content_type: None,
            user_agent: None,
            body: Vec::new(),
            submission: Some(Submission::read(b"client-ref=17")),
            account: None,
            status: None,
            statuses: Vec::new(),
            fault: None,
        }
    }

    #[test]
    fn one_call_past_the_bound_forgets_the_oldest_and_keeps_numbers_and_counts() {
        const MOST: usize = 3;
        let mut calls = Calls::new(MOST);
        for _ in 0..MOST {
            calls.arrived(call());
        }
        let number = calls.arrived(call());
        calls.note(0, |call| call.status = Some(429));
        calls.note(number, |call| call.status = Some(200));
        let answers: Vec<_> = calls.recent().iter().map(|call| call.status).collect();
        assert_eq!(answers, [None, None, Some(200)]);
        assert_eq!(calls.posts()["17"], MOST + 1);
    }
}
