//! The codes of Logto's errors, to compare [`Error::code`](crate::Error::code) with: those that were
//! recorded, and those that Logto has a message for. OAuth's own have no dot.
//!
//! ```
//! # #[cfg(feature = "users")]
//! # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
//! use logto_api::codes;
//!
//! match logto.users().create().username("alice").await {
//!     Err(error) if error.has_code(codes::USER_USERNAME_ALREADY_IN_USE) => println!("taken"),
//!     created => println!("{}", created?.id),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A release that is newer may have others.

/// Makes a constant of each code.
macro_rules! codes {
    ($($name:ident = $code:literal;)+) => { $(
        #[doc = concat!("`", $code, "`")]
        pub const $name: &str = $code;
    )+ };
}

include!(concat!(env!("OUT_DIR"), "/codes.rs"));
