//! Fills templates for one message: words are written in, secrets are left to the host as blanks.

use crate::{
    bindings::edgebind::translator::types::{Blank, Escape, Filling},
    template::{Template, Wanted},
    words::Words,
};

pub(crate) struct Filler<'a> {
    words: &'a Words<'a>,
    /// Of the message, so that no message has a mark in its text, unless it has a digest of itself in it.
    digest: u64,
    blanks: Vec<Blank>,
}

impl<'a> Filler<'a> {
    pub(crate) fn new(words: &'a Words<'a>) -> Self {
        Self {
            words,
            digest: words.digest(),
            blanks: Vec::new(),
        }
    }

    /// The template with its words in it, each as `written`, and marks for its secrets, which the host is to escape so; none where the
    /// message has no such word.
    pub(crate) fn fill(&mut self, template: &Template, escape: Escape, written: impl Fn(String) -> String) -> Option<String> {
        let before = self.blanks.len();
        let filled = template.fill(|wanted| match wanted {
            Wanted::Word(name) => self.words.word(name).map(&written),
            Wanted::Secret(name) => {
                // Letters, digits and dashes are the same in URLs, forms, JSON and headers.
                let mark = format!("secret-{}-{:016x}", self.blanks.len(), self.digest);
                self.blanks.push(Blank {
                    mark: mark.clone(),
                    filling: Filling::Secret((name.to_owned(), escape)),
                });
                Some(mark)
            }
        });
        if filled.is_none() {
            self.blanks.truncate(before);
        }
        filled
    }

    /// What the host has to fill in.
    pub(crate) fn blanks(self) -> Vec<Blank> {
        self.blanks
    }
}
