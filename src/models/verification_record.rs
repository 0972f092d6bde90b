//! Verification records, which prove that the user is present.

use std::fmt;

use crate::models::{IssuedVerificationRecord, VerifiedRecord};
use crate::setters::IntoOption;

/// The id of a verification record, which proves that the user is present.
///
/// For sensitive operations, an access token does not suffice: the Account API requires that the
/// user's identity was verified within about ten minutes, with
///
/// - the password: [`verify_password`](crate::verifications::Verifications::verify_password), or
/// - a code sent to the account's own e-mail address or phone number:
///   [`send_code`](crate::verifications::Verifications::send_code), then
///   [`verify_code`](crate::verifications::Verifications::verify_code).
///
/// These return such a record, which can be passed on directly. A record can be used any number of
/// times until its `expires_at`. Records of social accounts and WebAuthn credentials prove that
/// these may be added to the account instead.
///
/// ```no_run
/// # async fn run(account: logto_api::Client) -> logto_api::Result<()> {
/// let record = account.verifications().verify_password("correct horse").send().await?;
/// account.account().update_password("battery staple", &record).send().await?;
/// for session in account.account().list_sessions(&record).send().await?.sessions {
///     account.account().delete_session(&session.payload.uid, &record).send().await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// Without a record, with one that has expired, or with another user's, Logto returns 401
/// `verification_record.permission_denied`. A user without password, e-mail address and phone
/// number cannot be verified: where Logto accepts `None` for that reason, so does the method.
///
/// With the access token, the id is as sensitive as the user's password: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationRecordId(String);

impl VerificationRecordId {
    /// The id, to store it between requests of a browser.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VerificationRecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationRecordId([redacted])")
    }
}

/// Makes the id of what is at hand, also where `None` would do.
macro_rules! from {
    ($($source:ty: $record:ident => $id:expr),+ $(,)?) => { $(
        impl From<$source> for VerificationRecordId {
            fn from($record: $source) -> Self {
                Self($id)
            }
        }

        impl IntoOption<VerificationRecordId> for $source {
            fn into_option(self) -> Option<VerificationRecordId> {
                Some(self.into())
            }
        }
    )+ };
}

from! {
    String: id => id,
    &String: id => id.clone(),
    &str: id => id.to_owned(),
    &VerificationRecordId: id => id.0.clone(),
    IssuedVerificationRecord: record => record.verification_record_id,
    &IssuedVerificationRecord: record => record.verification_record_id.clone(),
    VerifiedRecord: record => record.verification_record_id,
    &VerifiedRecord: record => record.verification_record_id.clone(),
}
