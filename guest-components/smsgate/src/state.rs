//! A message as the API tells of it: the body that answers GET and DELETE /messages/{id}. Its numbers and its text, hashed or not, are
//! not looked at.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    api,
    bindings::edgebind::translator::types::{Context, Report, Response},
    report::News,
    settings::Settings,
    time,
};

/// smsgate: the message state object, as far as it is needed.
#[derive(Debug, Deserialize)]
pub(crate) struct State {
    state: String,
    recipients: Option<Vec<Recipient>>,
    /// When each state was first entered.
    states: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Debug, Deserialize)]
struct Recipient {
    error: Option<String>,
}

impl State {
    /// None where the answer is no such object.
    pub(crate) fn read(response: &Response) -> Option<Self> {
        api::body(response)
    }

    /// Stored, and no phone has begun to send it.
    pub(crate) fn is_pending(&self) -> bool {
        self.state == "Pending"
    }

    /// The phone is to let go of the message, and has not said yet whether it did.
    pub(crate) fn is_cancelling(&self) -> bool {
        self.state == "Cancelling"
    }

    /// What became of the message; none for a state that is not known here.
    pub(crate) fn report(&self, ctx: &Context, settings: &Settings) -> Option<Report> {
        let news = match self.state.as_str() {
            "Pending" => News::Waiting("waits for its phone"),
            "Cancelling" => News::Waiting("is being cancelled"),
            "Processed" => News::Waiting("is being sent"),
            "Sent" => News::Sent,
            "Delivered" => News::Delivered,
            "Cancelled" => News::Cancelled,
            "Failed" => News::Failed(self.reason()),
            _ => return None,
        };
        Some(news.report(settings, &ctx.key, self.entered_ms().unwrap_or(ctx.now)))
    }

    /// A message of ours has one recipient.
    fn reason(&self) -> &str {
        let mut errors = self
            .recipients
            .iter()
            .flatten()
            .filter_map(|recipient| recipient.error.as_deref());
        errors.next().unwrap_or_default()
    }

    fn entered_ms(&self) -> Option<u64> {
        time::from_rfc3339(self.states.as_ref()?.get(&self.state)?.as_ref()?)
    }
}
