//! What is wrong with a configuration, all of it at once.

use std::{cell::RefCell, fmt};

/// One mistake and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// A path such as `tenants[0].accounts[1].system_id`, a variable's name, or a line of the file.
    pub at: String,
    /// A fragment with the facts in it, never a secret.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Every mistake of a configuration, one a line when shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The mistakes found so far, while reading goes on behind each of them.
#[derive(Default)]
pub(super) struct Found(RefCell<Vec<Mistake>>);

impl Found {
    pub(super) fn mistake(&self, at: impl Into<String>, what: impl Into<String>) {
        self.0.borrow_mut().push(Mistake {
            at: at.into(),
            what: what.into(),
        });
    }

    /// What was read, if nothing was wrong with it.
    pub(super) fn none_in<T>(self, read: T) -> Result<T, Mistakes> {
        let mistakes = self.0.into_inner();
        if mistakes.is_empty() {
            Ok(read)
        } else {
            Err(Mistakes(mistakes))
        }
    }
}
