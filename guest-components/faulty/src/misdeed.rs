//! The misdeeds, by the names that the setting chooses them with.

/// Makes an enum of misdeeds with a name each.
macro_rules! misdeeds {
    ($(#[$doc:meta])* $type:ident { $($(#[$case_doc:meta])* $case:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$case_doc])* $case,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &[$type] = &[$($type::$case),*];

            /// The value of the setting that chooses it.
            pub fn name(self) -> &'static str {
                match self { $($type::$case => $name,)* }
            }

            /// The misdeed that these settings choose: the last one named.
            pub fn chosen(settings: &[(String, String)]) -> Self {
                let named = settings.iter().rev().find(|(name, _)| name == crate::SETTING).map(|(_, value)| value.as_str());
                Self::ALL.iter().copied().find(|misdeed| Some(misdeed.name()) == named).unwrap_or($type::None)
            }
        }
    };
}

misdeeds! {
    /// What a session does wrong. Where no other moment is named, it does so at the first frame.
    SessionMisdeed {
        /// Nothing: it appends what it is sent, answers with it and settles what it is given.
        None = "none",
        /// Never returns.
        Spin = "spin",
        /// Panics.
        Trap = "trap",
        /// Takes memory until it is refused.
        Hoard = "hoard",
        /// Calls itself until the stack is gone.
        Recurse = "recurse",
        /// Returns one action more than the number in the setting `count`.
        Flood = "flood",
        /// Sends more octets in one action than the number in the setting `count`.
        GiantAction = "giant-action",
        /// Sends two thirds of the octets in the setting `count`, twice.
        TwoLargeActions = "two-large-actions",
        /// Appends a message whose text is no UTF-8.
        NotUtf8 = "not-utf8",
        /// Settles a token that nobody gave it.
        SettleNothing = "settle-nothing",
        /// Settles a delivery, and again, when it is given one.
        SettleTwice = "settle-twice",
        /// Appends twice with one token.
        ReuseToken = "reuse-token",
        /// Asks with the token of an append that is under way.
        AskWithOpenToken = "ask-with-open-token",
        /// Traps in the constructor.
        TrapAtBirth = "trap-at-birth",
        /// Never returns from the constructor.
        SpinAtBirth = "spin-at-birth",
        /// Traps in `check`.
        TrapInCheck = "trap-in-check",
        /// Returns more complaints from `check` than anybody reads.
        EndlessComplaint = "endless-complaint",
        /// Traps in `save`.
        TrapInSave = "trap-in-save",
        /// Saves more octets than the number in the setting `count`.
        GiganticSave = "gigantic-save",
        /// Will not be restored, and says so.
        RefuseRestore = "refuse-restore",
        /// Traps in `restore`.
        TrapInRestore = "trap-in-restore",
        /// Says as many lines as the number in the setting `count`, and appends what it is sent.
        Chatter = "chatter",
    }
}

misdeeds! {
    /// What a translator does wrong, in every call but `check`.
    TranslatorMisdeed {
        /// Nothing: it is done with everything at once.
        None = "none",
        /// Never returns.
        Spin = "spin",
        /// Panics.
        Trap = "trap",
        /// Takes memory until it is refused.
        Hoard = "hoard",
        /// Calls itself until the stack is gone.
        Recurse = "recurse",
        /// Wants a request made whose body is larger than the number in the setting `count`, or answers a webhook with it.
        GiantBody = "giant-body",
        /// Returns ids that are no UTF-8.
        NotUtf8 = "not-utf8",
        /// Traps in `check`, and there only.
        TrapInCheck = "trap-in-check",
        /// Says as many lines as the number in the setting `count`, and is done.
        Chatter = "chatter",
    }
}

/// The number in the setting `count`, or none.
pub(crate) fn count(settings: &[(String, String)]) -> usize {
    settings
        .iter()
        .rev()
        .find(|(name, _)| name == "count")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0)
}
