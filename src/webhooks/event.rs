//! The events, by the contract's enumeration of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::payload::{
    DataChange, GrantLimit, Interaction, Lockout, Payload as _, RateLimit, UnknownEvent,
};
use crate::{Timestamp, models::open_enum::open_enum};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($payload:ident) = $name:literal,)+) => {
        open_enum! {
            /// The type of an event.
            pub enum EventType { $($(#[$doc])* $variant = $name),+ }
        }

        /// An event, with the payload that Logto sends.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $($(#[$doc])* $variant(Box<$payload>),)+
            /// An event that this version of the crate does not know, with its whole payload.
            Unknown(Box<UnknownEvent>),
        }

        impl Event {
            /// The type of the event.
            pub fn event_type(&self) -> EventType {
                match self {
                    $(Self::$variant(_) => EventType::$variant,)+
                    Self::Unknown(payload) => EventType::Unknown(payload.event.clone()),
                }
            }

            /// The id of the webhook that the event was sent to.
            pub fn hook_id(&self) -> Option<&str> {
                match self {
                    $(Self::$variant(payload) => payload.hook_id(),)+
                    Self::Unknown(payload) => payload.hook_id(),
                }
            }

            /// When the event occurred.
            pub fn created_at(&self) -> Option<Timestamp> {
                let text = match self {
                    $(Self::$variant(payload) => payload.created_at(),)+
                    Self::Unknown(payload) => payload.created_at(),
                };
                text.and_then(super::payload::time)
            }

            fn read(event: &EventType, body: Map<String, Value>) -> serde_json::Result<Self> {
                let body = Value::Object(body);
                Ok(match event {
                    $(EventType::$variant => {
                        Self::$variant(Box::new($payload::deserialize(body)?))
                    })+
                    EventType::Unknown(_) => {
                        Self::Unknown(Box::new(UnknownEvent::deserialize(body)?))
                    }
                })
            }
        }

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(payload) => payload.serialize(serializer),)+
                    Self::Unknown(payload) => payload.serialize(serializer),
                }
            }
        }
    };
}

include!("events.rs");

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Map::deserialize(deserializer)?;
        let event = body.get("event").and_then(Value::as_str);
        let event = EventType::from(event.ok_or_else(|| D::Error::missing_field("event"))?);
        Self::read(&event, body).map_err(D::Error::custom)
    }
}
