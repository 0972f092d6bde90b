//! Identifiers of users.

use crate::{
    Error, Result,
    models::{
        EmailIdentifier, IdentifierType, InteractionIdentifier, PhoneIdentifier,
        SignInIdentifierType, VerificationCodeIdentifier,
    },
    setters::IntoText,
};

/// A username, an e-mail address or a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identifier {
    /// A username.
    Username(String),
    /// An e-mail address.
    Email(String),
    /// A phone number in digits, beginning with the country code.
    Phone(String),
}

impl Identifier {
    /// A username.
    pub fn username(username: impl IntoText) -> Self {
        Self::Username(username.into_text())
    }

    /// An e-mail address.
    pub fn email(email: impl IntoText) -> Self {
        Self::Email(email.into_text())
    }

    /// A phone number in digits, beginning with the country code, such as `14155550123`.
    pub fn phone(phone: impl IntoText) -> Self {
        Self::Phone(phone.into_text())
    }

    /// The username, e-mail address or phone number.
    pub fn value(&self) -> &str {
        match self {
            Self::Username(value) | Self::Email(value) | Self::Phone(value) => value,
        }
    }

    /// Where a code can be sent to.
    pub(crate) fn address(&self) -> Result<VerificationCodeIdentifier> {
        match self {
            Self::Email(value) => {
                Ok(VerificationCodeIdentifier::Email(EmailIdentifier::new(value)))
            }
            Self::Phone(value) => {
                Ok(VerificationCodeIdentifier::Phone(PhoneIdentifier::new(value)))
            }
            Self::Username(_) => Err(Error::request(
                "a code cannot be sent to a username: pass an e-mail address or a phone number",
            )),
        }
    }
}

impl From<Identifier> for InteractionIdentifier {
    fn from(identifier: Identifier) -> Self {
        match identifier {
            Identifier::Username(value) => Self::new(SignInIdentifierType::Username, value),
            Identifier::Email(value) => Self::new(SignInIdentifierType::Email, value),
            Identifier::Phone(value) => Self::new(SignInIdentifierType::Phone, value),
        }
    }
}

/// To which of the user's own addresses a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
}

impl From<Channel> for IdentifierType {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Phone => Self::Phone,
        }
    }
}
