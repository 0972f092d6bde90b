//! Ids, codes and tokens of the shapes Logto gives them: a counter, hashed.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

const LOWERCASE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

#[derive(Clone)]
pub(crate) struct Ids {
    seed: String,
    counter: u64,
    /// What the next id is to be, and the next secret.
    forced: (Option<String>, Option<String>),
}

impl Ids {
    pub(crate) fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), counter: 0, forced: (None, None) }
    }

    /// Has the next id be this one.
    pub(crate) fn force_id(&mut self, id: Option<&str>) {
        self.forced.0 = id.map(str::to_owned);
    }

    /// Has the next secret be this one.
    pub(crate) fn force_secret(&mut self, secret: Option<&str>) {
        self.forced.1 = secret.map(str::to_owned);
    }

    /// The id of a user: 12 characters.
    pub(crate) fn user(&mut self) -> String {
        self.forced.0.take().unwrap_or_else(|| self.next(LOWERCASE, 12))
    }

    /// The id of anything else: 21 characters.
    pub(crate) fn standard(&mut self) -> String {
        self.forced.0.take().unwrap_or_else(|| self.next(LOWERCASE, 21))
    }

    /// The secret of an application.
    pub(crate) fn secret(&mut self) -> String {
        self.forced.1.take().unwrap_or_else(|| self.next(&URL_SAFE[..62], 32))
    }

    /// An interaction's id, a code, an opaque token, a session.
    pub(crate) fn opaque(&mut self) -> String {
        self.next(URL_SAFE, 43)
    }

    /// What a user types for a device: letters that cannot be taken for others.
    pub(crate) fn user_code(&mut self) -> String {
        let code = self.next(b"BCDFGHJKLMNPQRSTVWXZ", 8);
        format!("{}-{}", &code[..4], &code[4..])
    }

    /// A verification code.
    pub(crate) fn code(&mut self) -> String {
        self.next(b"0123456789", 6)
    }

    /// The codes that a user keeps for when no other factor is at hand.
    pub(crate) fn backup_codes(&mut self) -> Vec<String> {
        (0..10).map(|_| self.next(b"0123456789abcdef", 10)).collect()
    }

    /// What an authenticator app computes its codes from.
    pub(crate) fn totp_secret(&mut self) -> String {
        self.next(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32)
    }

    /// What an authenticator is to sign: 32 bytes.
    pub(crate) fn challenge(&mut self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.opaque()))
    }

    /// The id of a request.
    pub(crate) fn request(&mut self) -> String {
        self.next(URL_SAFE, 16)
    }

    fn next(&mut self, alphabet: &[u8], length: usize) -> String {
        self.counter += 1;
        let block = |n: u8| Sha256::digest(format!("{}/{}/{n}", self.seed, self.counter));
        let bytes = block(0).into_iter().chain(block(1));
        bytes
            .take(length)
            .map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()]))
            .collect()
    }
}
