//! Where events go, and with whose key; and what is remembered of that for one that has to wait.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::secret::Secret;
use crate::sites::Api;

/// Where the API key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Nowhere: events are kept.
    None,
    /// An option holds the key itself.
    Option,
    /// An option names the file, at this path, that holds it.
    File(String),
    /// The environment.
    Environment,
}

/// Where events go, and with whose keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub api: Api,
    /// Whether the environment alone leads to `api`, or to the default, without an option.
    pub site_is_in_environment: bool,
    /// None when there is no key that could be sent: events are then kept.
    pub api_key: Option<Secret>,
    pub key_source: KeySource,
    /// Sent along when `DATADOG_APP_KEY` or `DD_APP_KEY` is set, as dogwrap does. The API does not ask for it.
    pub application_key: Option<Secret>,
}

/// Random bytes that make the hashes of one key differ from each other.
pub type Salt = [u8; 16];

/// What tells whether a key is the one that was meant, without being of any use to whoever wants the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// In Base64, as the hash.
    salt: String,
    /// SHA-256 of the salt and the key.
    hash: String,
}

impl Fingerprint {
    pub fn of(key: &Secret, salt: Salt) -> Self {
        Self { salt: BASE64_STANDARD.encode(salt), hash: hash(key, &salt) }
    }

    pub fn matches(&self, key: &Secret) -> bool {
        BASE64_STANDARD.decode(&self.salt).is_ok_and(|salt| hash(key, &salt) == self.hash)
    }
}

fn hash(key: &Secret, salt: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::new().chain_update(salt).chain_update(key.reveal()).finalize())
}

/// To whom something that waits may be delivered, and to nobody else: it may say more than others should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address of the API.
    pub api: String,
    /// Of the key. None when there was no key: whoever has one for this API may deliver it, but has to be asked to.
    pub key: Option<Fingerprint>,
    /// Whether the API has refused that key: then it may be delivered with another as well, if asked for.
    #[serde(default)]
    pub key_was_refused: bool,
}

/// On whose behalf something that waits is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivering {
    /// Nobody asked: only what was meant for this very destination.
    Unasked,
    /// Somebody asked, and so also what lacks a key that the API accepts.
    Asked,
    /// Somebody asked for everything that waits for the API, whichever key it was kept with.
    WithAnyKey,
}

impl Recipient {
    pub fn of(destination: &Destination, salt: Salt) -> Self {
        let key = destination.api_key.as_ref().map(|key| Fingerprint::of(key, salt));
        Self { api: destination.api.to_string(), key, key_was_refused: false }
    }

    /// Whether what waits for this recipient goes to `destination`.
    pub fn is(&self, destination: &Destination, delivering: Delivering) -> bool {
        let key_fits = destination.api_key.as_ref().is_some_and(|key| match delivering {
            Delivering::Unasked => self.is_key(key),
            Delivering::Asked => self.is_key(key) || self.key.is_none() || self.key_was_refused,
            Delivering::WithAnyKey => true,
        });
        key_fits && self.api == destination.api.to_string()
    }

    fn is_key(&self, key: &Secret) -> bool {
        self.key.as_ref().is_some_and(|fingerprint| fingerprint.matches(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(site: &str, key: Option<&str>) -> Destination {
        Destination {
            api: Api::parse(site).expect(site),
            site_is_in_environment: false,
            api_key: key.and_then(Secret::new),
            key_source: KeySource::Option,
            application_key: None,
        }
    }

    /// Whether it goes to `destination` unasked, when asked for, and with any key.
    fn goes(recipient: &Recipient, destination: &Destination) -> [bool; 3] {
        [Delivering::Unasked, Delivering::Asked, Delivering::WithAnyKey]
            .map(|delivering| recipient.is(destination, delivering))
    }

    #[test]
    fn what_waits_goes_to_its_own_api_and_key() {
        let recipient = Recipient::of(&destination("us1", Some("key")), [7; 16]);
        assert_eq!(goes(&recipient, &destination("us1", Some("key"))), [true, true, true]);
        assert_eq!(goes(&recipient, &destination("us1", Some("kez"))), [false, false, true]);
        assert_eq!(goes(&recipient, &destination("us3", Some("key"))), [false, false, false]);
        assert_eq!(goes(&recipient, &destination("us1", None)), [false, false, false]);
    }

    #[test]
    fn what_lacks_a_key_that_is_accepted_goes_to_whoever_is_asked_to_deliver_it() {
        let without = Recipient::of(&destination("us1", None), [7; 16]);
        let refused = Recipient { key_was_refused: true, ..Recipient::of(&destination("us1", Some("old")), [7; 16]) };
        for recipient in [without, refused] {
            assert_eq!(goes(&recipient, &destination("us1", Some("key"))), [false, true, true]);
            assert_eq!(goes(&recipient, &destination("us3", Some("key"))), [false, false, false]);
            assert_eq!(goes(&recipient, &destination("us1", None)), [false, false, false]);
        }
    }

    #[test]
    fn a_fingerprint_says_nothing_of_the_key_and_differs_with_the_salt() {
        let key = Secret::new("0123456789abcdef").expect("a key");
        let (one, other) = (Fingerprint::of(&key, [1; 16]), Fingerprint::of(&key, [2; 16]));
        assert_ne!(one, other);
        assert!(!serde_json::to_string(&one).expect("plain data").contains("0123456789abcdef"));
        let damaged = Fingerprint { salt: "?".to_owned(), ..one };
        assert!(!damaged.matches(&key));
    }
}
