//! How deliveries are held for an ESME that does not take them: how long, how many, and what becomes of more; and how fast
//! they go when it does.

use super::{Holding, WhenFull, limits, rate::rate, reader::Reader};

/// Reads what a tenant or an account says of it; the rest is as usual. `queue_max` is the bound of what waits for the upstream, if the
/// same table names one: it holds here too.
pub(super) fn holding(reader: &Reader<'_>, queue_max: Option<usize>, usual: Holding) -> Holding {
    Holding {
        max_age: reader
            .duration("deliver_max_age", &limits::DELIVER_MAX_AGES)
            .unwrap_or(usual.max_age),
        queue_max: reader
            .number("deliver_queue_max", &limits::QUEUES_MAX)
            .or(queue_max)
            .unwrap_or(usual.queue_max),
        when_full: reader
            .choice("deliver_when_full", &WhenFull::WORDS)
            .unwrap_or(usual.when_full),
        rate: rate(reader, "deliver_rate").or(usual.rate),
    }
}

impl Default for Holding {
    fn default() -> Self {
        Self {
            max_age: limits::DELIVER_MAX_AGE,
            queue_max: limits::QUEUE_MAX,
            when_full: WhenFull::Refuse,
            rate: None,
        }
    }
}
