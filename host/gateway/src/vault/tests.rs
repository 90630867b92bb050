//! Sealed credentials on a real disk: what survives, what is refused, what is noticed.

use super::*;
use tempfile::{TempDir, tempdir};

const PASSWORD: &str = "correct horse battery";

fn credentials(password: &str) -> Credentials {
    Credentials {
        user: Secret::new("ABC123"),
        password: Secret::new(password),
    }
}

fn files(dir: &TempDir) -> Vec<PathBuf> {
    fs::read_dir(dir.path().join(SEALED_DIR))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_remembered_is_there_after_a_restart_and_gone_when_forgotten() {
    let dir = tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    vault.remember("acme", "ABC123", &credentials("first")).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    vault.remember("acme", "A/../B", &credentials("other")).unwrap();
    drop(vault);

    let vault = Vault::open(dir.path()).unwrap();
    let known = vault.recall("acme", "ABC123").unwrap().unwrap();
    assert_eq!(
        (known.user.bytes(), known.password.bytes()),
        (&b"ABC123"[..], PASSWORD.as_bytes())
    );
    let sealed = |account: &str| Sealed {
        tenant: "acme".into(),
        account: account.into(),
    };
    assert_eq!(vault.all(), [sealed("A/../B"), sealed("ABC123")]);
    vault.forget("acme", "ABC123").unwrap();
    vault.forget("acme", "ABC123").unwrap();
    assert!(vault.recall("acme", "ABC123").unwrap().is_none());
    assert!(vault.recall("other", "A/../B").unwrap().is_none());
    assert_eq!(vault.all(), [sealed("A/../B")]);
}

#[test]
fn nothing_on_the_disk_shows_who_or_what() {
    let dir = tempdir().unwrap();
    Vault::open(dir.path())
        .unwrap()
        .remember("acme", "ABC123", &credentials(PASSWORD))
        .unwrap();
    let [path] = files(&dir).try_into().unwrap();
    let mut shown = path.file_name().unwrap().as_encoded_bytes().to_vec();
    shown.extend(fs::read(&path).unwrap());
    for clear in [PASSWORD, "ABC123", "acme"] {
        assert!(
            !shown.windows(clear.len()).any(|window| window == clear.as_bytes()),
            "{clear}"
        );
    }
    assert_eq!(
        [
            mode(&path),
            mode(&dir.path().join(KEY_FILE)),
            mode(&dir.path().join(SEALED_DIR))
        ],
        [0o600, 0o600, 0o700]
    );
}

#[test]
fn the_same_credentials_again_write_nothing() {
    let dir = tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    let octets = fs::read(&files(&dir)[0]).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    assert_eq!(fs::read(&files(&dir)[0]).unwrap(), octets);
    vault.remember("acme", "ABC123", &credentials("changed")).unwrap();
    assert_ne!(fs::read(&files(&dir)[0]).unwrap(), octets);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let dir = tempdir().unwrap();
    drop(Vault::open(dir.path()).unwrap());
    let key = dir.path().join(KEY_FILE);
    for wrong in [0o640, 0o604, 0o660] {
        fs::set_permissions(&key, fs::Permissions::from_mode(wrong)).unwrap();
        let error = Vault::open(dir.path()).err().unwrap().to_string();
        assert!(
            error.ends_with(&format!(
                "has mode 0{wrong:o}, so others may read the key: chmod 600 it, if nobody has"
            )),
            "{error}"
        );
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(Vault::open(dir.path()).is_ok());
}

#[test]
fn a_key_of_another_length_is_refused() {
    let dir = tempdir().unwrap();
    drop(Vault::open(dir.path()).unwrap());
    fs::write(dir.path().join(KEY_FILE), [7; 31]).unwrap();
    let error = Vault::open(dir.path()).err().unwrap();
    assert!(matches!(error, VaultError::KeyIsDamaged(_, 31)), "{error}");
}

#[test]
fn a_lost_key_is_not_replaced_while_credentials_wait_for_it() {
    let dir = tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    let error = Vault::open(dir.path()).err().unwrap();
    assert!(matches!(error, VaultError::KeyIsMissing(_)), "{error}");
    vault.forget("acme", "ABC123").unwrap();
    assert!(Vault::open(dir.path()).is_ok());
}

#[test]
fn a_changed_octet_is_noticed_wherever_it_is() {
    let dir = tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    let [path] = files(&dir).try_into().unwrap();
    let octets = fs::read(&path).unwrap();
    for index in 0..octets.len() {
        let mut changed = octets.clone();
        changed[index] ^= 1;
        fs::write(&path, changed).unwrap();
        assert!(
            matches!(vault.recall("acme", "ABC123"), Err(VaultError::Damaged(_))),
            "octet {index}"
        );
    }
    for length in 0..octets.len() {
        fs::write(&path, &octets[..length]).unwrap();
        assert!(
            matches!(vault.recall("acme", "ABC123"), Err(VaultError::Damaged(_))),
            "{length} octets"
        );
    }
    assert_eq!(vault.all(), []);
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    assert!(vault.recall("acme", "ABC123").unwrap().is_some());
}

#[test]
fn one_accounts_file_does_not_open_as_anothers() {
    let dir = tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    vault.remember("acme", "ABC123", &credentials(PASSWORD)).unwrap();
    let [path] = files(&dir).try_into().unwrap();
    fs::rename(&path, dir.path().join(SEALED_DIR).join(vault.name("acme", "MALLORY"))).unwrap();
    assert!(matches!(vault.recall("acme", "MALLORY"), Err(VaultError::Damaged(_))));
}

#[test]
fn what_a_crash_left_half_written_is_removed() {
    let dir = tempdir().unwrap();
    drop(Vault::open(dir.path()).unwrap());
    fs::write(dir.path().join(SEALED_DIR).join(".tmp1234"), "half").unwrap();
    drop(Vault::open(dir.path()).unwrap());
    assert!(files(&dir).is_empty());
}

#[test]
fn a_webhook_token_is_one_accounts_and_one_keys() {
    let (dir, other) = (tempdir().unwrap(), tempdir().unwrap());
    let token = Vault::open(dir.path()).unwrap().webhook_token("acme", "esme");
    let vault = Vault::open(dir.path()).unwrap();
    assert_eq!(token.len(), 32);
    assert!(vault.is_webhook_token("acme", "esme", &token));
    for (tenant, account) in [("acme", "esm"), ("acm", "eesme"), ("esme", "acme")] {
        assert!(!vault.is_webhook_token(tenant, account, &token), "{tenant} {account}");
    }
    for wrong in ["", &token[1..], &token.to_uppercase(), &"0".repeat(32)] {
        assert!(!vault.is_webhook_token("acme", "esme", wrong), "{wrong}");
    }
    assert!(!Vault::open(other.path()).unwrap().is_webhook_token("acme", "esme", &token));
}

#[test]
fn secrets_are_the_same_only_if_they_are() {
    assert!(same(b"secret", b"secret") && same(b"", b""));
    for other in [&b"Secret"[..], b"secre", b"secret\0", b""] {
        assert!(!same(b"secret", other));
    }
}
