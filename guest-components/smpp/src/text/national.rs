//! National languages: which tables stand in for the GSM 03.38 alphabet and its extension where a user data header says so.
//!
//! They are read and never written: text that the default alphabet lacks goes out in UCS-2.

mod tables;

use super::gsm;
use crate::udh::Udh;
pub(super) use tables::Table;

/// The tables that text is read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifts {
    /// Of a code by itself.
    pub(super) locking: &'static Table,
    /// Of a code behind an escape.
    pub(super) single: &'static Table,
}

impl Shifts {
    /// No national language.
    pub(super) const NONE: Self = Self {
        locking: &gsm::ALPHABET,
        single: &gsm::EXTENSION,
    };

    /// As the header says. A language that has no such table, or that we do not know, leaves the default one, as a phone that
    /// does not know it must (3GPP TS 23.038 §6.2.1.2.2).
    pub(super) fn of(udh: Option<Udh<'_>>) -> Self {
        let (locking_shift, single_shift) = udh.map_or((None, None), |udh| (udh.locking_shift(), udh.single_shift()));
        Self {
            locking: locking_shift.and_then(locking).unwrap_or(Self::NONE.locking),
            single: single_shift.and_then(single).unwrap_or(Self::NONE.single),
        }
    }

    /// Whether these are the tables of no national language.
    pub(super) fn are_none(self) -> bool {
        core::ptr::eq(self.locking, Self::NONE.locking) && core::ptr::eq(self.single, Self::NONE.single)
    }
}

/// The locking shift table of a language, by its identifier (3GPP TS 23.038 §6.2.1.2.4).
fn locking(language: u8) -> Option<&'static Table> {
    Some(match language {
        1 => &tables::TURKISH_LOCKING,
        3 => &tables::PORTUGUESE_LOCKING,
        4 => &tables::BENGALI_LOCKING,
        5 => &tables::GUJARATI_LOCKING,
        6 => &tables::HINDI_LOCKING,
        7 => &tables::KANNADA_LOCKING,
        8 => &tables::MALAYALAM_LOCKING,
        9 => &tables::ORIYA_LOCKING,
        10 => &tables::PUNJABI_LOCKING,
        11 => &tables::TAMIL_LOCKING,
        12 => &tables::TELUGU_LOCKING,
        13 => &tables::URDU_LOCKING,
        _ => return None,
    })
}

/// The single shift table of a language, by its identifier.
fn single(language: u8) -> Option<&'static Table> {
    Some(match language {
        1 => &tables::TURKISH_SINGLE,
        2 => &tables::SPANISH_SINGLE,
        3 => &tables::PORTUGUESE_SINGLE,
        4 => &tables::BENGALI_SINGLE,
        5 => &tables::GUJARATI_SINGLE,
        6 => &tables::HINDI_SINGLE,
        7 => &tables::KANNADA_SINGLE,
        8 => &tables::MALAYALAM_SINGLE,
        9 => &tables::ORIYA_SINGLE,
        10 => &tables::PUNJABI_SINGLE,
        11 => &tables::TAMIL_SINGLE,
        12 => &tables::TELUGU_SINGLE,
        13 => &tables::URDU_SINGLE,
        _ => return None,
    })
}
