//! A secret that does not show itself: neither in logs nor in errors.

use std::{collections::BTreeMap, fmt, sync::Arc};

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

/// Secrets by name.
#[derive(Clone, Debug)]
pub struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// These secrets.
    pub fn new(secrets: BTreeMap<String, Secret>) -> Self {
        Self(secrets)
    }

    /// The same with these over them.
    pub fn with(&self, others: &[(&str, &Secret)]) -> Self {
        let mut secrets = self.0.clone();
        secrets.extend(others.iter().map(|(name, secret)| ((*name).to_owned(), (*secret).clone())));
        Self(secrets)
    }

    /// The secret of this name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
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
