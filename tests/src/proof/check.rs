//! The promise, invariant by invariant, against what was seen from outside. It knows neither gateway nor simulator: a [`Log`] goes in, and
//! what was broken comes out, with the whole story of the message that shows it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::log::{At, Cut, Delivered, Log, Posted, Said, Submitted, Told, Whom};

/// command_status with which an ESME says that it never wants to see a delivery again: ESME_RX_P_APPN and ESME_RX_R_APPN.
pub const NEVER: [u32; 2] = [0x65, 0x66];

/// How long what was answered may take to be written down. A repetition is explained by a kill only if it came within this time after
/// the first time was answered.
const WRITTEN_WITHIN_MS: u64 = 2_000;

/// So many breaches are told with their stories.
const STORIES_MAX: usize = 20;

/// A sentence of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is a sentence")]
pub enum Invariant {
    EveryAcceptedMessageReachesTheUpstream,
    EveryMessageKeepsTheIdThatWasAnswered,
    NoTwoMessagesShareAnId,
    AMessageIsPostedAgainOnlyWhereAnAttemptWasCut,
    EveryMessageThatAskedGetsItsFinalReceipt,
    AReceiptNamesTheIdThatWasAnswered,
    AReceiptSaysWhatBecameOfItsMessage,
    AllReceiptsOfAMessageSayTheSame,
    AReceiptComesAgainOnlyWhereItsAnswerWasCut,
    NobodyGetsAReceiptUnasked,
    EveryWebhookThatWasTakenIsDelivered,
    AnIncomingMessageComesAgainOnlyWhereItsAnswerWasCut,
    NothingIsMadeUp,
    MessagesToOneNumberLeaveInOrder,
}

impl Invariant {
    /// Time can still mend it.
    fn may_come(self) -> bool {
        matches!(
            self,
            Self::EveryAcceptedMessageReachesTheUpstream
                | Self::EveryMessageThatAskedGetsItsFinalReceipt
                | Self::EveryWebhookThatWasTakenIsDelivered
        )
    }
}

/// An invariant that does not hold, and of what.
#[derive(Debug, Clone)]
pub struct Breach {
    /// The invariant.
    pub invariant: Invariant,
    /// The text of the message.
    pub message: String,
    /// All that was seen of it, in order.
    pub story: Vec<String>,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} does not hold for {:?}:", self.invariant, self.message)?;
        self.story.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// How much was seen, repetitions that are explained included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times that the process was killed.
    pub kills: usize,
    /// submit_sm.
    pub submitted: usize,
    /// Of these, answered with ESME_ROK.
    pub accepted: usize,
    /// Of these, answered with something else.
    pub refused: usize,
    /// Of these, never answered.
    pub unanswered: usize,
    /// Of the unanswered, those that reached the upstream all the same.
    pub unanswered_posted: usize,
    /// Calls of the upstream.
    pub posted: usize,
    /// Of these, repetitions.
    pub posted_again: usize,
    /// Accepted messages that asked for a receipt.
    pub asked: usize,
    /// Final receipts that were answered with ESME_ROK.
    pub receipts: usize,
    /// Of these, repetitions.
    pub receipts_again: usize,
    /// Messages whose receipt was refused for ever.
    pub receipts_refused: usize,
    /// Messages that came in by webhooks which were answered 2xx.
    pub incoming: usize,
    /// deliver_sm of them that were answered with ESME_ROK.
    pub delivered: usize,
    /// Of these, repetitions.
    pub delivered_again: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kills,
            submitted,
            accepted,
            refused,
            unanswered,
            unanswered_posted,
            posted,
            posted_again,
            asked,
            receipts,
            receipts_again,
            receipts_refused,
            incoming,
            delivered,
            delivered_again,
        } = self;
        writeln!(
            f,
            "{kills} kills; {submitted} submit_sm: {accepted} accepted, {refused} refused, {unanswered} unanswered ({unanswered_posted} of them sent on)"
        )?;
        writeln!(
            f,
            "{posted} posts, {posted_again} of them repetitions, each after an attempt that was cut or refused"
        )?;
        writeln!(
            f,
            "{asked} accepted messages asked for a receipt; {receipts} receipts taken, {receipts_again} of them repetitions, and {receipts_refused} refused for ever"
        )?;
        write!(
            f,
            "{incoming} incoming messages with a 2xx; {delivered} taken, {delivered_again} of them repetitions"
        )
    }
}

/// What a log comes to.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// How much was seen.
    pub counts: Counts,
    /// What does not hold.
    pub breaches: Vec<Breach>,
}

impl Verdict {
    /// Of what does not hold, how much may still come.
    pub fn outstanding(&self) -> usize {
        self.breaches.iter().filter(|breach| breach.invariant.may_come()).count()
    }

    /// Panics, with some of the stories, unless everything holds.
    pub fn assert_holds(&self, seed: u64) {
        const SHOWN: usize = 5;
        let stories: Vec<String> = self.breaches.iter().take(SHOWN).map(ToString::to_string).collect();
        assert!(
            self.breaches.is_empty(),
            "seed {seed}: {} breaches, the first of them:\n{}\n{}",
            self.breaches.len(),
            stories.join("\n"),
            self.counts
        );
    }
}

/// Judges a log.
pub fn check(log: &Log) -> Verdict {
    let mut bench = Bench::new(log);
    bench.submissions();
    bench.posts();
    bench.order();
    bench.receipts();
    bench.incoming();
    bench.verdict
}

struct Bench<'a> {
    log: &'a Log,
    by_text: HashMap<&'a str, &'a Submitted>,
    /// Texts by the ids that were answered or posted.
    by_id: HashMap<&'a str, &'a str>,
    posts: HashMap<&'a str, Vec<&'a Posted>>,
    receipts: HashMap<&'a str, Vec<&'a Delivered>>,
    verdict: Verdict,
}

impl<'a> Bench<'a> {
    fn new(log: &'a Log) -> Self {
        let by_text = log
            .submitted
            .iter()
            .map(|submitted| (submitted.text.as_str(), submitted))
            .collect();
        let mut posts: HashMap<&str, Vec<&Posted>> = HashMap::new();
        let mut by_id: HashMap<&str, &str> = HashMap::new();
        for post in &log.posted {
            posts.entry(&post.text).or_default().push(post);
            by_id.insert(&post.id, &post.text);
        }
        for submitted in &log.submitted {
            by_id.extend(submitted.accepted().map(|id| (id, submitted.text.as_str())));
        }
        Self {
            log,
            by_text,
            by_id,
            posts,
            receipts: HashMap::new(),
            verdict: Verdict::default(),
        }
    }

    fn breach(&mut self, invariant: Invariant, message: &str) {
        let breach = self.told(invariant, message);
        self.verdict.breaches.push(breach);
    }

    fn told(&self, invariant: Invariant, message: &str) -> Breach {
        Breach {
            invariant,
            message: message.to_owned(),
            // A story takes a look at the whole log, and nobody reads thousands of them.
            story: match self.verdict.breaches.len() {
                ..STORIES_MAX => story(self.log, message),
                _ => Vec::new(),
            },
        }
    }

    fn submissions(&mut self) {
        let log = self.log;
        let mut ids = HashMap::new();
        self.verdict.counts.kills = log.cuts.iter().filter(|cut| cut.whom == Whom::Process).count();
        self.verdict.counts.submitted = log.submitted.len();
        for submitted in &log.submitted {
            let posts = self.posts.get(submitted.text.as_str()).cloned().unwrap_or_default();
            match (&submitted.answer, submitted.accepted()) {
                (None, _) => {
                    self.verdict.counts.unanswered += 1;
                    self.verdict.counts.unanswered_posted += usize::from(!posts.is_empty());
                }
                (Some(_), None) => self.verdict.counts.refused += 1,
                (Some(_), Some(id)) => {
                    self.verdict.counts.accepted += 1;
                    if ids.insert(id, &submitted.text).is_some() {
                        self.breach(Invariant::NoTwoMessagesShareAnId, &submitted.text);
                    }
                    if !posts.iter().any(|post| post.taken) && !is_over(submitted, log) {
                        self.breach(Invariant::EveryAcceptedMessageReachesTheUpstream, &submitted.text);
                    }
                    if posts.iter().any(|post| post.id != id) {
                        self.breach(Invariant::EveryMessageKeepsTheIdThatWasAnswered, &submitted.text);
                    }
                }
            }
        }
    }

    fn posts(&mut self) {
        self.verdict.counts.posted = self.log.posted.len();
        for (text, posts) in self.posts.clone() {
            self.verdict.counts.posted_again += posts.len() - 1;
            if !self.by_text.contains_key(text) {
                self.breach(Invariant::NothingIsMadeUp, text);
            }
            if posts.iter().any(|post| post.id != posts[0].id) {
                self.breach(Invariant::EveryMessageKeepsTheIdThatWasAnswered, text);
            }
            let unexplained = posts.windows(2).any(|pair| {
                let (first, again) = (pair[0], pair[1]);
                first.taken && first.said && !was_cut(&self.log.cuts, None, first.at, again.at)
            });
            if unexplained {
                self.breach(Invariant::AMessageIsPostedAgainOnlyWhereAnAttemptWasCut, text);
            }
        }
    }

    /// Of messages from one bind to one number, none that was accepted later was posted earlier, unless an attempt failed or was cut.
    fn order(&mut self) {
        let places: HashMap<&str, usize> = self
            .log
            .posted
            .iter()
            .enumerate()
            .rev()
            .map(|(place, post)| (post.text.as_str(), place))
            .collect();
        let is_trouble = |cut: &&Cut| matches!(cut.whom, Whom::Process | Whom::Disk | Whom::Upstream);
        let troubles: Vec<&Cut> = self.log.cuts.iter().filter(is_trouble).collect();
        let mut last: HashMap<(&str, &str), (usize, &Submitted)> = HashMap::new();
        for submitted in &self.log.submitted {
            let text = submitted.text.as_str();
            let Some(&place) = places.get(text).filter(|_| submitted.accepted().is_some()) else {
                continue;
            };
            let once = |text: &str| matches!(self.posts[text].as_slice(), [post] if post.taken && post.said);
            let key = (submitted.esme.as_str(), submitted.to.as_str());
            if let Some((before, earlier)) = last.insert(key, (place, submitted)) {
                let until = self.log.posted[before].at;
                let troubled = troubles.iter().any(|cut| cut.to >= earlier.at && cut.from <= until);
                if before > place && !troubled && once(text) && once(&earlier.text) {
                    let mut overtaking = self.told(Invariant::MessagesToOneNumberLeaveInOrder, text);
                    overtaking.story.push(format!("while {:?} was not yet sent:", earlier.text));
                    overtaking.story.extend(story(self.log, &earlier.text));
                    self.verdict.breaches.push(overtaking);
                }
            }
        }
    }

    fn receipts(&mut self) {
        for delivered in &self.log.delivered {
            let Said::Receipt {
                id,
                receipted_message_id,
                text,
                ..
            } = &delivered.said
            else {
                continue;
            };
            let by_id = self.by_id.get(id.as_str()).copied();
            let by_excerpt = || self.by_text.get_key_value(text.as_str()).map(|(text, _)| *text);
            let Some(message) = by_id.or_else(by_excerpt) else {
                self.breach(Invariant::NothingIsMadeUp, text);
                continue;
            };
            let submitted = self.by_text.get(message).copied();
            let other = submitted.and_then(Submitted::accepted).is_some_and(|accepted| accepted != id);
            if id != receipted_message_id || message != text || other {
                self.breach(Invariant::AReceiptNamesTheIdThatWasAnswered, message);
            }
            self.receipts.entry(message).or_default().push(delivered);
        }
        let log = self.log;
        for submitted in &log.submitted {
            let text = submitted.text.as_str();
            let receipts = self.receipts.get(text).cloned().unwrap_or_default();
            let asks = submitted.asks && submitted.accepted().is_some();
            self.verdict.counts.asked += usize::from(asks);
            let taken = receipts.iter().filter(|receipt| is_taken(receipt)).count();
            self.verdict.counts.receipts += taken;
            self.verdict.counts.receipts_again += taken.saturating_sub(1);
            let settled = receipts.iter().any(|receipt| is_settled(receipt));
            self.verdict.counts.receipts_refused += usize::from(settled && taken == 0);
            if asks && !settled {
                self.breach(Invariant::EveryMessageThatAskedGetsItsFinalReceipt, text);
            }
            if !submitted.asks && !receipts.is_empty() {
                self.breach(Invariant::NobodyGetsAReceiptUnasked, text);
            }
            let stats: HashSet<&str> = receipts.iter().filter_map(|receipt| stat(receipt)).collect();
            if stats.len() > 1 {
                self.breach(Invariant::AllReceiptsOfAMessageSayTheSame, text);
            }
            if submitted.asks && stats.iter().any(|stat| !submitted.ends.contains(stat)) {
                self.breach(Invariant::AReceiptSaysWhatBecameOfItsMessage, text);
            }
            if self.came_again(&receipts) {
                self.breach(Invariant::AReceiptComesAgainOnlyWhereItsAnswerWasCut, text);
            }
        }
    }

    fn incoming(&mut self) {
        let mut sent: BTreeMap<&str, bool> = BTreeMap::new();
        for told in &self.log.told {
            if let Some(text) = &told.text {
                *sent.entry(text).or_default() |= told.taken();
            }
        }
        let mut came: BTreeMap<&str, Vec<&Delivered>> = BTreeMap::new();
        for delivered in &self.log.delivered {
            if let Said::Message { text } = &delivered.said {
                came.entry(text).or_default().push(delivered);
            }
        }
        for (text, deliveries) in &came {
            let taken = deliveries.iter().filter(|delivery| is_taken(delivery)).count();
            self.verdict.counts.delivered += taken;
            self.verdict.counts.delivered_again += taken.saturating_sub(1);
            if !sent.contains_key(text) {
                self.breach(Invariant::NothingIsMadeUp, text);
            }
            if self.came_again(deliveries) {
                self.breach(Invariant::AnIncomingMessageComesAgainOnlyWhereItsAnswerWasCut, text);
            }
        }
        for (text, taken) in sent {
            self.verdict.counts.incoming += usize::from(taken);
            let settled = came
                .get(text)
                .is_some_and(|deliveries| deliveries.iter().any(|delivery| is_settled(delivery)));
            if taken && !settled {
                self.breach(Invariant::EveryWebhookThatWasTakenIsDelivered, text);
            }
        }
    }

    /// One of these came once more although the one before was settled, and nothing was cut that would explain it.
    fn came_again(&self, deliveries: &[&Delivered]) -> bool {
        deliveries.windows(2).any(|pair| {
            let (first, again) = (pair[0], pair[1]);
            let Some((answered, _)) = first.answer.filter(|_| is_settled(first)) else {
                return false;
            };
            !was_cut(&self.log.cuts, Some(&first.esme), answered, again.at)
        })
    }
}

/// A message whose time was over before the upstream had it; its receipt says so.
fn is_over(submitted: &Submitted, log: &Log) -> bool {
    submitted.ends.contains(&"EXPIRED")
        && submitted.asks
        && log
            .delivered
            .iter()
            .any(|delivered| matches!(&delivered.said, Said::Receipt { text, stat, .. } if *text == submitted.text && stat == "EXPIRED"))
}

fn is_taken(delivered: &Delivered) -> bool {
    matches!(delivered.answer, Some((_, 0)))
}

fn is_settled(delivered: &Delivered) -> bool {
    delivered
        .answer
        .is_some_and(|(_, status)| status == 0 || NEVER.contains(&status))
}

fn stat(delivered: &Delivered) -> Option<&str> {
    match &delivered.said {
        Said::Receipt { stat, .. } => Some(stat),
        Said::Message { .. } => None,
    }
}

/// Whether what was answered at `first` may have been forgotten before `again`: the process was killed in between, or the connection of
/// this ESME ended, before the answer can be expected to have been written down.
fn was_cut(cuts: &[Cut], esme: Option<&str>, first: At, again: At) -> bool {
    cuts.iter().any(|cut| {
        let concerns = match &cut.whom {
            Whom::Process | Whom::Disk => true,
            Whom::Upstream => false,
            Whom::Esme(name) => esme == Some(name),
        };
        concerns && cut.to >= first && cut.from <= again && cut.from <= first + WRITTEN_WITHIN_MS
    })
}

/// All that was seen of the message with this text, kills in between included.
fn story(log: &Log, text: &str) -> Vec<String> {
    let mut lines: Vec<(At, String)> = Vec::new();
    let mut ids = HashSet::new();
    for submitted in log.submitted.iter().filter(|submitted| submitted.text == text) {
        let Submitted { esme, to, asks, .. } = submitted;
        let asks = if *asks { ", asks for a receipt" } else { "" };
        lines.push((submitted.at, format!("{esme} submits it to {to}{asks}")));
        if let Some((at, status, id)) = &submitted.answer {
            lines.push((*at, format!("{esme} is answered status {status:#x} id {id:?}")));
            ids.insert(id.as_str());
        }
    }
    for post in log.posted.iter().filter(|post| post.text == text) {
        ids.insert(&post.id);
        let status = post.status.map_or("no answer".to_owned(), |status| status.to_string());
        let taken = match (post.taken, post.said) {
            (true, true) => "",
            (true, false) => " (taken, and the answer did not go out as it should)",
            (false, _) => " (not taken)",
        };
        lines.push((post.at, format!("POST of id {:?}: {status}{taken}", post.id)));
    }
    let about = |told: &&Told| told.text.as_deref() == Some(text) || ids.contains(told.message.as_str());
    for told in log.told.iter().filter(about) {
        let status = told.status.map_or("no answer".to_owned(), |status| status.to_string());
        lines.push((told.at, format!("webhook {}: {status}", told.event)));
    }
    for delivered in &log.delivered {
        let what = match &delivered.said {
            Said::Receipt {
                id,
                stat,
                receipted_message_id,
                text: excerpt,
            } if excerpt == text || ids.contains(id.as_str()) => {
                format!("receipt {stat} id {id:?} receipted_message_id {receipted_message_id:?} text {excerpt:?}")
            }
            Said::Message { text: incoming } if incoming == text => "message".to_owned(),
            _ => continue,
        };
        let esme = &delivered.esme;
        let answer = match delivered.answer {
            Some((at, status)) => format!("answered {status:#x} after {} ms", at.saturating_sub(delivered.at)),
            None => "not answered".to_owned(),
        };
        lines.push((delivered.at, format!("{esme} is delivered {what}, {answer}")));
    }
    let span = lines.iter().map(|(at, _)| *at).fold(None, |span: Option<(At, At)>, at| {
        Some(span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))))
    });
    if let Some((from, to)) = span {
        let esmes: HashSet<&str> = log
            .delivered
            .iter()
            .filter(|delivered| matches!(&delivered.said, Said::Receipt { text: excerpt, .. } if excerpt == text))
            .map(|delivered| delivered.esme.as_str())
            .collect();
        for cut in log.cuts.iter().filter(|cut| cut.to >= from && cut.from <= to) {
            match &cut.whom {
                Whom::Process => lines.push((cut.from.max(from), "the process is killed".to_owned())),
                Whom::Disk => lines.push((cut.from.max(from), "the disk fails".to_owned())),
                Whom::Upstream => lines.push((
                    cut.from.max(from),
                    format!("the upstream is troubled for {} ms", cut.to - cut.from),
                )),
                Whom::Esme(esme) if esmes.contains(esme.as_str()) => {
                    lines.push((cut.from.max(from), format!("{esme}'s connection ends")));
                }
                Whom::Esme(_) => {}
            }
        }
        lines.sort();
        return lines
            .into_iter()
            .map(|(at, line)| format!("{:>8.3} s  {line}", std::time::Duration::from_millis(at - from).as_secs_f64()))
            .collect();
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::log::{Cut, Delivered, Log, Posted, Said, Submitted, Told, Whom};
    use super::{Invariant, check};

    /// One message from submit_sm to its receipt and one incoming message, as they should be.
    fn good() -> Log {
        Log {
            submitted: vec![submitted(100, "m1", "7")],
            posted: vec![posted(200, "m1", "7")],
            told: vec![
                Told {
                    at: 300,
                    event: "sms:delivered".into(),
                    message: "7".into(),
                    text: None,
                    status: Some(200),
                },
                Told {
                    at: 310,
                    event: "sms:received".into(),
                    message: "x".into(),
                    text: Some("in1".into()),
                    status: Some(200),
                },
            ],
            delivered: vec![receipt(400, "m1", "7"), incoming(410, "in1")],
            cuts: Vec::new(),
        }
    }

    fn submitted(at: u64, text: &str, id: &str) -> Submitted {
        Submitted {
            esme: "a".into(),
            at,
            text: text.into(),
            to: "447700900100".into(),
            asks: true,
            ends: &["DELIVRD"],
            answer: Some((at + 1, 0, id.into())),
        }
    }

    fn posted(at: u64, text: &str, id: &str) -> Posted {
        Posted {
            at,
            id: id.into(),
            text: text.into(),
            to: "447700900100".into(),
            status: Some(202),
            taken: true,
            said: true,
        }
    }

    fn receipt(at: u64, text: &str, id: &str) -> Delivered {
        Delivered {
            esme: "b".into(),
            at,
            said: Said::Receipt {
                id: id.into(),
                receipted_message_id: id.into(),
                stat: "DELIVRD".into(),
                text: text.into(),
            },
            answer: Some((at + 1, 0)),
        }
    }

    fn incoming(at: u64, text: &str) -> Delivered {
        Delivered {
            said: Said::Message { text: text.into() },
            ..receipt(at, "", "")
        }
    }

    fn kill(at: u64) -> Cut {
        Cut {
            from: at,
            to: at + 5,
            whom: Whom::Process,
        }
    }

    fn broken(bend: impl FnOnce(&mut Log)) -> Vec<Invariant> {
        let mut log = good();
        bend(&mut log);
        let mut broken: Vec<Invariant> = check(&log).breaches.iter().map(|breach| breach.invariant).collect();
        broken.sort_unstable();
        broken
    }

    #[test]
    fn what_is_as_it_should_be_is_not_accused() {
        let verdict = check(&good());
        assert!(verdict.breaches.is_empty(), "{:?}", verdict.breaches);
        let counts = verdict.counts;
        assert_eq!((counts.accepted, counts.posted, counts.asked), (1, 1, 1));
        assert_eq!((counts.receipts, counts.incoming, counts.delivered), (1, 1, 1));
    }

    #[test]
    fn what_is_lost_is_named_with_its_story() {
        assert_eq!(
            broken(|log| log.posted.clear()),
            [Invariant::EveryAcceptedMessageReachesTheUpstream]
        );
        assert_eq!(
            broken(|log| log.posted[0].taken = false),
            [Invariant::EveryAcceptedMessageReachesTheUpstream]
        );
        assert_eq!(
            broken(|log| drop(log.delivered.remove(0))),
            [Invariant::EveryMessageThatAskedGetsItsFinalReceipt]
        );
        assert_eq!(
            broken(|log| log.delivered[0].answer = None),
            [Invariant::EveryMessageThatAskedGetsItsFinalReceipt]
        );
        assert_eq!(
            broken(|log| drop(log.delivered.remove(1))),
            [Invariant::EveryWebhookThatWasTakenIsDelivered]
        );
        let mut log = good();
        log.delivered.clear();
        log.cuts.push(kill(150));
        let verdict = check(&log);
        assert_eq!(verdict.outstanding(), 2);
        let story = verdict.breaches[0].to_string();
        assert_eq!(
            story,
            "EveryMessageThatAskedGetsItsFinalReceipt does not hold for \"m1\":\
             \n       0.000 s  a submits it to 447700900100, asks for a receipt\
             \n       0.001 s  a is answered status 0x0 id \"7\"\
             \n       0.050 s  the process is killed\
             \n       0.100 s  POST of id \"7\": 202\
             \n       0.200 s  webhook sms:delivered: 200"
        );
    }

    #[test]
    fn what_was_never_promised_is_not_missed() {
        assert_eq!(broken(|log| log.told[1].status = Some(503)), []);
        assert_eq!(
            broken(|log| {
                log.submitted[0].answer = None;
                log.posted.clear();
                log.delivered.remove(0);
            }),
            []
        );
        // The ESME never wants to see it again.
        assert_eq!(broken(|log| log.delivered[0].answer = Some((401, 0x66))), []);
        // Its time was over before the upstream had it, and it was told so.
        assert_eq!(
            broken(|log| {
                log.submitted[0].ends = &["EXPIRED"];
                log.posted.clear();
                log.delivered[0].said = Said::Receipt {
                    id: "7".into(),
                    receipted_message_id: "7".into(),
                    stat: "EXPIRED".into(),
                    text: "m1".into(),
                };
            }),
            []
        );
    }

    #[test]
    fn a_repetition_needs_a_cut_that_explains_it() {
        use Invariant::{
            AMessageIsPostedAgainOnlyWhereAnAttemptWasCut as Posted, AReceiptComesAgainOnlyWhereItsAnswerWasCut as Receipt,
            AnIncomingMessageComesAgainOnlyWhereItsAnswerWasCut as Incoming,
        };
        assert_eq!(broken(|log| log.posted.push(posted(250, "m1", "7"))), [Posted]);
        assert_eq!(broken(|log| log.delivered.push(receipt(450, "m1", "7"))), [Receipt]);
        assert_eq!(broken(|log| log.delivered.push(incoming(450, "in1"))), [Incoming]);
        let again = |log: &mut Log, cut: Cut| {
            log.posted.push(posted(9_000, "m1", "7"));
            log.delivered.push(receipt(9_000, "m1", "7"));
            log.delivered.push(incoming(9_000, "in1"));
            log.cuts.push(cut);
        };
        assert_eq!(broken(|log| again(log, kill(420))), [], "soon after");
        assert_eq!(
            broken(|log| again(log, kill(8_000))),
            [Posted, Receipt, Incoming],
            "what was answered long ago is to be remembered"
        );
        assert_eq!(broken(|log| again(log, kill(150))), [Posted, Receipt, Incoming], "before");
        let failing = Cut {
            from: 100,
            to: 8_000,
            whom: Whom::Disk,
        };
        assert_eq!(broken(|log| again(log, failing)), [], "it was never written down");
        let ended = |esme: &str| Cut {
            whom: Whom::Esme(esme.into()),
            ..kill(420)
        };
        assert_eq!(
            broken(|log| again(log, ended("b"))),
            [Posted],
            "only its own deliveries were cut off"
        );
        assert_eq!(broken(|log| again(log, ended("c"))), [Posted, Receipt, Incoming]);
        assert_eq!(
            broken(|log| {
                log.posted[0].said = false;
                log.posted.push(posted(250, "m1", "7"));
                log.delivered[0].answer = Some((401, 0x64));
                log.delivered.push(receipt(450, "m1", "7"));
            }),
            [],
            "the first time it was not taken"
        );
    }

    #[test]
    fn ids_hold_what_was_answered() {
        assert_eq!(
            broken(|log| {
                log.posted[0].id = "8".into();
                log.told.remove(0);
            }),
            [Invariant::EveryMessageKeepsTheIdThatWasAnswered]
        );
        assert_eq!(
            broken(|log| {
                log.submitted.push(submitted(120, "m2", "7"));
                log.submitted[1].asks = false;
                log.submitted[0].asks = false;
                log.posted.push(posted(220, "m2", "7"));
                log.delivered.remove(0);
            }),
            [Invariant::NoTwoMessagesShareAnId]
        );
        for (id, receipted, text) in [("8", "7", "m1"), ("7", "8", "m1"), ("8", "8", "m1"), ("7", "7", "m0")] {
            assert_eq!(
                broken(|log| {
                    log.delivered[0].said = Said::Receipt {
                        id: id.into(),
                        receipted_message_id: receipted.into(),
                        stat: "DELIVRD".into(),
                        text: text.into(),
                    };
                }),
                [Invariant::AReceiptNamesTheIdThatWasAnswered],
                "{id} {receipted} {text}"
            );
        }
    }

    #[test]
    fn receipts_tell_the_truth_once_and_to_those_who_asked() {
        assert_eq!(
            broken(|log| log.submitted[0].ends = &["UNDELIV"]),
            [Invariant::AReceiptSaysWhatBecameOfItsMessage]
        );
        assert_eq!(
            broken(|log| {
                log.submitted[0].ends = &["DELIVRD", "UNDELIV"];
                log.cuts.push(kill(402));
                log.delivered.push(Delivered {
                    said: Said::Receipt {
                        id: "7".into(),
                        receipted_message_id: "7".into(),
                        stat: "UNDELIV".into(),
                        text: "m1".into(),
                    },
                    ..receipt(500, "m1", "7")
                });
            }),
            [Invariant::AllReceiptsOfAMessageSayTheSame]
        );
        assert_eq!(
            broken(|log| log.submitted[0].asks = false),
            [Invariant::NobodyGetsAReceiptUnasked]
        );
    }

    #[test]
    fn nothing_comes_from_nowhere() {
        let made_up = [Invariant::NothingIsMadeUp];
        assert_eq!(broken(|log| log.posted.push(posted(1, "m9", "9"))), made_up);
        assert_eq!(broken(|log| log.delivered.push(incoming(1, "in9"))), made_up);
        assert_eq!(broken(|log| log.delivered.push(receipt(1, "m9", "9"))), made_up);
    }

    #[test]
    fn what_overtakes_on_its_way_to_one_number_is_named_unless_it_was_tried_again() {
        let overtaken = |log: &mut Log| {
            log.submitted.push(submitted(120, "m2", "8"));
            log.posted.insert(0, posted(190, "m2", "8"));
            log.delivered.push(receipt(420, "m2", "8"));
        };
        assert_eq!(broken(overtaken), [Invariant::MessagesToOneNumberLeaveInOrder]);
        let elsewhere = |log: &mut Log| {
            overtaken(log);
            log.submitted[1].to = "447700900110".into();
        };
        assert_eq!(broken(elsewhere), []);
        let tried_again = |log: &mut Log| {
            overtaken(log);
            let failed = Posted {
                said: false,
                ..posted(195, "m1", "7")
            };
            log.posted.insert(1, failed);
        };
        assert_eq!(broken(tried_again), []);
        let killed = |log: &mut Log| {
            overtaken(log);
            log.cuts.push(kill(130));
        };
        assert_eq!(broken(killed), []);
        let troubled = |log: &mut Log| {
            killed(log);
            log.cuts[0].whom = Whom::Upstream;
        };
        assert_eq!(broken(troubled), []);
    }
}
