//! Integers of the wire as newtypes: the values that the specification names are constants, every other value passes through.

/// Declares the newtype, its constants, `name` and `Display` (the name, or the number in hex) from one list.
macro_rules! wire_value {
    (
        $(#[$doc:meta])*
        $name:ident($int:ty), $hex:literal {
            $( $(#[doc = $value_doc:literal])* $constant:ident = $value:literal, $text:literal; )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            $(
                $(#[doc = $value_doc])*
                #[doc = concat!("`", $text, "`")]
                pub const $constant: Self = Self($value);
            )*

            /// The values that have a name, with what there is to say about each.
            pub const NAMED: &'static [(Self, &'static str)] = &[ $( (Self::$constant, concat!($($value_doc),*)), )* ];

            /// What the specification calls this value, if it has a name.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($text), )*
                    _ => None,
                }
            }
        }

        impl From<$int> for $name {
            fn from(value: $int) -> Self {
                Self(value)
            }
        }

        impl From<$name> for $int {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, $hex, self.0),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    };
}
