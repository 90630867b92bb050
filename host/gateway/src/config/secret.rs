//! A secret that does not show itself: neither in logs nor in errors.

use std::{fmt, sync::Arc};

/// A password, token or key. Shown as `***`.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// Holds these octets.
    pub fn new(octets: impl AsRef<[u8]>) -> Self {
        Self(octets.as_ref().into())
    }

    /// The octets themselves, for those who must send them or check against them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.bytes(), b"hunter2");
    }
}
