//! One-octet fields of which not every octet is a value: a value of such a type is always one that the specification knows.

/// What the table of PDUs asks of such a type. Its default is the octet zero.
pub(crate) trait Value: Copy + Default {
    /// The value of this octet; `None` where the specification reserves it.
    fn of(octet: u8) -> Option<Self>;

    fn octet(self) -> u8;
}

/// replace_if_present_flag and its like: 0 or 1, all else is reserved.
impl Value for bool {
    fn of(octet: u8) -> Option<Self> {
        match octet {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn octet(self) -> u8 {
        u8::from(self)
    }
}

/// Declares such a type: which octets are values, and the names of some.
macro_rules! checked_octet {
    (
        $(#[$doc:meta])*
        $name:ident where |$octet:ident| $valid:expr => {
            $( $(#[$value_doc:meta])* $constant:ident = $value:literal; )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u8);

        impl $name {
            $(
                $(#[$value_doc])*
                pub const $constant: Self = Self($value);
            )*

            /// The value of this octet; `None` where the specification reserves it.
            #[must_use]
            pub const fn new($octet: u8) -> Option<Self> {
                if $valid { Some(Self($octet)) } else { None }
            }

            /// The octet of this value.
            #[must_use]
            pub const fn get(self) -> u8 {
                self.0
            }
        }

        impl $crate::value::Value for $name {
            fn of(octet: u8) -> Option<Self> {
                Self::new(octet)
            }

            fn octet(self) -> u8 {
                self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Value;
    use crate::{EsmClass, Npi, Priority, RegisteredDelivery, SmDefaultMsgId, Ton};

    /// The octets that are values.
    fn values<T: Value>() -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|&octet| T::of(octet).is_some_and(|value| value.octet() == octet))
    }

    #[test]
    fn reserved_octets_are_no_values() {
        assert!(values::<Ton>().eq(0..=6));
        assert!(values::<Npi>().eq((0..=10).chain([13, 14, 18])));
        assert!(values::<Priority>().eq(0..=3));
        assert!(values::<RegisteredDelivery>().eq(0..=0x1F));
        assert!(values::<SmDefaultMsgId>().eq(0..=254));
        assert!(values::<bool>().eq(0..=1));
        let types: std::vec::Vec<u8> = values::<EsmClass>().filter(|octet| octet & 0xC3 == 0).collect();
        assert_eq!(types, [0x00, 0x04, 0x08, 0x10, 0x18, 0x20]);
        assert_eq!(values::<EsmClass>().count(), types.len() * 16, "mode and features are free");
    }

    #[test]
    fn the_octet_zero_is_the_default() {
        assert_eq!(Ton::default(), Ton::UNKNOWN);
        assert_eq!(Npi::default(), Npi::UNKNOWN);
        assert_eq!(EsmClass::default(), EsmClass::MESSAGE);
        assert_eq!(RegisteredDelivery::default(), RegisteredDelivery::NONE);
        assert_eq!(SmDefaultMsgId::default(), SmDefaultMsgId::NONE);
        assert_eq!(Priority::default(), Priority::LOWEST);
    }
}
