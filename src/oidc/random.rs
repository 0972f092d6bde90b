//! Unguessable strings.

use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{Error, Result};

/// 256 random bits, as 43 URL-safe characters.
pub(crate) fn token() -> Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| {
        Error::config("the system provides no random numbers, which a sign-in needs")
    })?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
