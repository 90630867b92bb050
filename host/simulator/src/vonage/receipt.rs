//! What is told of a part that was taken (vonage: delivery receipts), and in what order.

use super::config::Fate;
use super::signature::Parameters;
use crate::clock;

/// The home network of every number.
pub(crate) const NETWORK: &str = "23410";

/// One receipt: its `status` and its `err-code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) status: &'static str,
    pub(crate) error: u16,
}

/// All that is told of a part, in order.
pub(crate) fn script(fate: Fate) -> Vec<News> {
    let news = |status, error| News { status, error };
    match fate {
        Fate::Delivered | Fate::RefusedFrom(..) => vec![news("delivered", 0)],
        Fate::Buffered => vec![news("buffered", 0), news("delivered", 0)],
        Fate::Accepted => vec![news("accepted", 0)],
        Fate::Failed(error) => vec![news("failed", error)],
        Fate::Rejected(error) => vec![news("rejected", error)],
        Fate::Expired => vec![news("expired", 1)],
        Fate::Unknown => vec![news("unknown", 1)],
        Fate::Silent | Fate::Refused(_) => Vec::new(),
    }
}

/// A part as its receipts speak of it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) api_key: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) id: String,
    pub(crate) price: String,
    pub(crate) client_ref: Option<String>,
}

impl Told {
    /// The parameters of one receipt.
    pub(crate) fn receipt(&self, news: News, at_ms: u64) -> Parameters {
        let mut parameters: Parameters = [
            ("msisdn", self.to.clone()),
            ("to", self.from.clone()),
            ("network-code", NETWORK.to_owned()),
            ("messageId", self.id.clone()),
            ("price", self.price.clone()),
            ("status", news.status.to_owned()),
            ("scts", clock::minutes(at_ms)),
            ("err-code", news.error.to_string()),
            ("api-key", self.api_key.clone()),
            ("message-timestamp", clock::seconds(at_ms)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(own) = &self.client_ref {
            parameters.insert("client-ref".into(), own.clone());
        }
        parameters
    }
}
