//! A trial: a release beside the one in use, and the rule by which it takes its place or goes. Decides from counts alone.

use edgebind_runtime::Tally;
use serde::{Deserialize, Serialize};

/// What is tried with a release before it is put to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Trial {
    /// It gets a share of the binds, or of the messages.
    Canary(Canary),
    /// It sees what the translator in use sees, and what it says is compared and thrown away.
    Shadow,
}

/// A share, and the rule by which its trial ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Canary {
    /// Binds or messages of a hundred.
    pub percent: u32,
    /// It is promoted after so many calls that ended, if it does no worse than the release in use; 0 for never by itself.
    pub promote_after: u64,
    /// And not before so many seconds.
    pub promote_after_s: u64,
    /// At so many faults of its guest it is rolled back.
    pub faults_max: u64,
    /// How much worse than the release in use its rates of faults, of given-up and of put-off work may be, in calls of a hundred.
    pub margin_percent: u32,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            percent: 10,
            promote_after: 100,
            promote_after_s: 60,
            faults_max: 1,
            margin_percent: 5,
        }
    }
}

/// What becomes of a trial now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Wait,
    /// The release takes the place of the one in use.
    Promote,
    /// It goes, and why.
    RollBack(String),
}

impl Trial {
    /// How many of a hundred keys get the candidate.
    pub fn percent(&self) -> u32 {
        match self {
            Trial::Canary(canary) => canary.percent,
            Trial::Shadow => 0,
        }
    }

    /// What is wrong with it, a sentence for each mistake.
    pub fn mistakes(&self) -> Vec<String> {
        match self {
            Trial::Canary(canary) => canary.mistakes(),
            Trial::Shadow => Vec::new(),
        }
    }
}

impl Canary {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if !(1..=100).contains(&self.percent) {
            mistakes.push(format!("percent: {} is not from 1 to 100", self.percent));
        }
        if self.faults_max == 0 {
            mistakes.push("faults_max: 0 would end the trial before it begins".into());
        }
        if self.margin_percent > 100 {
            mistakes.push(format!("margin_percent: {} is more than 100", self.margin_percent));
        }
        mistakes
    }

    /// What becomes of the trial, by what both releases did since it began and how many milliseconds ago that was.
    pub fn judge(&self, candidate: Tally, in_use: Tally, age_ms: u64) -> Verdict {
        if candidate.faults >= self.faults_max {
            return Verdict::RollBack(format!(
                "{} faults on trial, {} are too many",
                candidate.faults, self.faults_max
            ));
        }
        let is_over = ended(candidate) >= self.promote_after && age_ms >= self.promote_after_s.saturating_mul(1_000);
        if self.promote_after == 0 || !is_over {
            return Verdict::Wait;
        }
        let worse: Vec<String> = [
            ("faults", candidate.faults, in_use.faults),
            ("given up", candidate.dead, in_use.dead),
            ("put off", candidate.retried, in_use.retried),
        ]
        .into_iter()
        .filter_map(|(what, one, other)| {
            let (one, other) = (of_a_hundred(one, candidate), of_a_hundred(other, in_use));
            (one > other + f64::from(self.margin_percent))
                .then(|| format!("{what}: {one:.1} of 100 calls, and {other:.1} with the release in use"))
        })
        .collect();
        if worse.is_empty() {
            Verdict::Promote
        } else {
            Verdict::RollBack(format!("does worse: {}", worse.join("; ")))
        }
    }
}

fn ended(tally: Tally) -> u64 {
    tally.faults + tally.taken + tally.retried + tally.dead
}

fn of_a_hundred(count: u64, tally: Tally) -> f64 {
    100.0 * count as f64 / ended(tally).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(taken: u64, retried: u64, dead: u64, faults: u64) -> Tally {
        Tally {
            calls: taken + retried + dead + faults,
            faults,
            taken,
            retried,
            dead,
        }
    }

    const LONG: u64 = 60_000;

    #[test]
    fn one_that_does_as_well_is_promoted_after_enough_calls_and_time() {
        let (rule, in_use) = (Canary::default(), tally(900, 0, 100, 0));
        assert_eq!(rule.judge(tally(89, 0, 10, 0), in_use, LONG), Verdict::Wait, "too few calls");
        assert_eq!(rule.judge(tally(90, 0, 10, 0), in_use, LONG - 1), Verdict::Wait, "too early");
        assert_eq!(rule.judge(tally(90, 0, 10, 0), in_use, LONG), Verdict::Promote);
    }

    #[test]
    fn worse_by_no_more_than_the_margin_is_not_worse() {
        let (rule, in_use) = (Canary::default(), tally(90, 0, 10, 0));
        assert_eq!(rule.judge(tally(85, 0, 15, 0), in_use, LONG), Verdict::Promote);
        assert_eq!(
            rule.judge(tally(84, 0, 16, 0), in_use, LONG),
            Verdict::RollBack("does worse: given up: 16.0 of 100 calls, and 10.0 with the release in use".into())
        );
        assert_eq!(
            rule.judge(tally(50, 50, 0, 0), in_use, LONG),
            Verdict::RollBack("does worse: put off: 50.0 of 100 calls, and 0.0 with the release in use".into())
        );
    }

    #[test]
    fn faults_end_it_at_once() {
        let rule = Canary {
            faults_max: 3,
            ..Canary::default()
        };
        assert_eq!(rule.judge(tally(0, 0, 0, 2), Tally::default(), 0), Verdict::Wait);
        assert_eq!(
            rule.judge(tally(1_000, 0, 0, 3), Tally::default(), 0),
            Verdict::RollBack("3 faults on trial, 3 are too many".into())
        );
    }

    #[test]
    fn without_a_number_it_waits_for_somebody_to_decide() {
        let rule = Canary {
            promote_after: 0,
            ..Canary::default()
        };
        assert_eq!(rule.judge(tally(1 << 40, 0, 0, 0), Tally::default(), u64::MAX), Verdict::Wait);
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_refused_with_every_reason() {
        let rule = Trial::Canary(Canary {
            percent: 101,
            faults_max: 0,
            margin_percent: 200,
            ..Canary::default()
        });
        assert_eq!(rule.mistakes().len(), 3);
        assert!(Trial::Shadow.mistakes().is_empty());
    }

    #[test]
    fn it_is_written_as_the_admin_api_says() {
        let read: Trial = serde_json::from_str(r#"{"kind":"canary","percent":25,"promote_after":50,"faults_max":2}"#).unwrap();
        assert_eq!(
            read,
            Trial::Canary(Canary {
                percent: 25,
                promote_after: 50,
                faults_max: 2,
                ..Canary::default()
            })
        );
        assert_eq!(serde_json::from_str::<Trial>(r#"{"kind":"shadow"}"#).unwrap(), Trial::Shadow);
        assert!(serde_json::from_str::<Trial>(r#"{"kind":"canary","percentage":25}"#).is_err());
    }
}
