//! What Logto sends and takes, one type for each thing.
//!
//! The types are generated from the contract; the private modules are what they are made with. This
//! is the ground floor: nothing here uses another folder of the crate.

#[cfg(feature = "operations")]
#[allow(dead_code, reason = "which operations have a body depends on the enabled features")]
pub(crate) mod json_body;
#[cfg(feature = "operations")]
pub(crate) mod json_object;
#[cfg_attr(not(feature = "client"), allow(dead_code))]
pub(crate) mod json_path;
pub(crate) mod nullable;
pub(crate) mod open_enum;
pub(crate) mod redacted;
#[cfg_attr(not(feature = "client"), allow(dead_code))]
#[doc(hidden)]
pub mod setters;
pub(crate) mod tagged_union;
pub(crate) mod timestamp;
pub(crate) mod unknown_value;
#[cfg(feature = "account")]
pub(crate) mod verification_record;

#[allow(unused_imports, reason = "which models are generated depends on the enabled features")]
pub(crate) use nullable::double_option;

#[cfg(feature = "operations")]
#[allow(unused_imports, unreachable_pub, reason = "some groups alone have no models")]
pub use generated::*;

#[cfg(feature = "operations")]
#[allow(
    missing_docs,
    unused_imports,
    clippy::new_without_default,
    clippy::should_implement_trait,
    reason = "it is generated, as the enabled features ask for, without docs that restate a name"
)]
mod generated {
    use serde::{Deserialize, Serialize};

    use super::{
        json_object::json_object, open_enum::open_enum, setters::*, tagged_union::tagged_union,
    };
    use crate::UnknownValue;

    include!(concat!(env!("OUT_DIR"), "/models.rs"));
}
