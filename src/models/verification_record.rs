//! The proof that it is still the user who is calling, which parts of the Account API ask for.

use std::fmt;

use crate::models::{IssuedVerificationRecord, VerifiedRecord};
use crate::setters::IntoOption;

/// The id of a verification record: the proof that it is still the user who is calling.
///
/// Where a user's account is at stake, the Account API does not take an access token's word for it:
/// whoever has the token must have proved within the last ten minutes or so that they are the user,
/// with
///
/// - the password: [`verify_password`](crate::verifications::Verifications::verify_password), or
/// - a code sent to the account's own e-mail address or phone number:
///   [`send_code`](crate::verifications::Verifications::send_code), then
///   [`verify_code`](crate::verifications::Verifications::verify_code).
///
/// What these answer is such a record, and can be handed over as it is. One record does for any
/// number of calls until its `expires_at`. Records of social accounts and of WebAuthn credentials
/// prove something else: that they may be added to the account.
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
/// Without a proof, with one that has expired, or with another user's, Logto answers 401
/// `verification_record.permission_denied`. A user who has neither a password nor an e-mail address
/// nor a phone number can prove nothing: where Logto takes `None` for that reason, so does the
/// method.
///
/// With the access token, the id is as good as the user's password: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationRecordId(String);

impl VerificationRecordId {
    /// The id, to keep it between a browser's requests.
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
