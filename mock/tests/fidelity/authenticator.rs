//! An authenticator of the user's.

use serde_json::{Value, json};

use crate::world::World;

/// What a browser answers to these options.
pub(crate) fn answer(world: &World<'_>, options: &Value) -> Value {
    let authenticator = &world.authenticator;
    let mut options = options.clone();
    if options["pubKeyCredParams"].is_array() {
        // As a second device of the user's would.
        options["excludeCredentials"] = json!([]);
        return authenticator.create(&options).unwrap();
    }
    if options["rpId"].is_null() {
        options["rpId"] = json!("localhost");
    }
    authenticator.get(&options).unwrap_or_default()
}
