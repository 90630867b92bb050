//! A lane is one queue of the ledger. Each account of each tenant has four.

use std::{fmt, sync::Arc};

/// What waits in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Messages for the upstream.
    Submit,
    /// Messages for several destinations.
    Multi,
    /// Parts that wait for the rest of their long message.
    Parts,
    /// deliver_sm for the ESME.
    Deliver,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Submit, Kind::Multi, Kind::Parts, Kind::Deliver];

    /// Its word in the names of lanes and in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Submit => "submit",
            Kind::Multi => "multi",
            Kind::Parts => "parts",
            Kind::Deliver => "deliver",
        }
    }
}

/// Names one queue: `kind/tenant/account`, with `%`, `/` and control characters of an account written as `%XX`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// What waits in it.
    pub kind: Kind,
    /// The tenant's name; configuration keeps `/` out of it.
    pub tenant: Arc<str>,
    /// The account's system_id.
    pub account: Arc<str>,
}

impl Lane {
    /// The lane of this kind for one account.
    pub fn new(kind: Kind, tenant: &Arc<str>, account: &Arc<str>) -> Self {
        Self {
            kind,
            tenant: tenant.clone(),
            account: account.clone(),
        }
    }

    /// What the names of the lanes of this kind for all accounts of a tenant begin with.
    pub fn all_of(kind: Kind, tenant: &str) -> String {
        format!("{}/{tenant}/", kind.name())
    }

    /// The deliveries of the same account.
    pub fn deliver(&self) -> Self {
        Self {
            kind: Kind::Deliver,
            ..self.clone()
        }
    }

    /// The lane that a ledger knows by this name; none if it is not one of ours.
    pub fn parse(name: &str) -> Option<Self> {
        let mut fields = name.splitn(3, '/');
        let kind = fields
            .next()
            .and_then(|field| Kind::ALL.into_iter().find(|kind| kind.name() == field))?;
        Some(Self {
            kind,
            tenant: fields.next()?.into(),
            account: unescape(fields.next()?)?.into(),
        })
    }

    /// The name that the ledger knows it by.
    pub fn name(&self) -> Arc<str> {
        self.to_string().into()
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.kind.name(), self.tenant)?;
        for character in self.account.chars() {
            match character {
                '/' | '%' | '\0'..=' ' | '\x7F' => write!(f, "%{:02X}", u32::from(character))?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let code = u8::from_str_radix(piece.get(..2)?, 16).ok()?;
        out.push(char::from(code));
        out.push_str(&piece[2..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_lane() {
        for account in ["esme01", "a/b", "100%", "with space", "ümlaut", "%2F"] {
            for kind in Kind::ALL {
                let lane = Lane::new(kind, &"acme".into(), &account.into());
                assert_eq!(Lane::parse(&lane.name()), Some(lane));
            }
        }
    }

    #[test]
    fn foreign_names_are_no_lanes() {
        for name in ["", "submit", "submit/acme", "other/acme/esme", "submit/acme/%4"] {
            assert_eq!(Lane::parse(name), None, "{name}");
        }
    }
}
