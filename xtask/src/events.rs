//! `src/webhooks/events.rs`: the events of webhooks, as the contract enumerates them.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use logto_api_codegen::Lifetime;
use serde_json::Value;

const HEAD: &str = "\
// Written by `cargo xtask vendor` from `HookEvent` of the contract.

events! {
";

/// The content of the file: a call of the macro that makes the types of the events, with what
/// `docs.yaml` says about them.
pub(crate) fn list(contract: &Value, docs: &BTreeMap<String, String>) -> Result<String> {
    let schema = &contract["components"]["schemas"]["HookEvent"];
    let events =
        schema["enum"].as_array().context("the contract has no enumeration `HookEvent`")?;
    let mut text = HEAD.to_owned();
    for event in events {
        let event = event.as_str().context("an event of `HookEvent` is not a string")?;
        ensure!(event.split('.').all(is_word), "the event {event:?} gives no name");
        let since = Lifetime::of_value(schema, event).sentence();
        let doc = match docs.get(event) {
            Some(text) => format!("{} (`{event}`). {since}", text.trim_end_matches('.')),
            None => format!("`{event}`. {since}"),
        };
        let variant = event.replace('.', "");
        writeln!(
            text,
            "    /// {}\n    {variant}({}) = {event:?},",
            doc.trim_end(),
            payload(event)
        )?;
    }
    Ok(text + "}\n")
}

/// The type with what Logto sends. Events that are not listed are changes of data.
fn payload(event: &str) -> &'static str {
    match event {
        "Identifier.Lockout" => "Lockout",
        "Message.RateLimited" => "RateLimit",
        "Grant.LimitExceeded" => "GrantLimit",
        event if event.starts_with("Post") => "Interaction",
        _ => "DataChange",
    }
}

fn is_word(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_uppercase())
        && part.chars().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contract(events: Value) -> Value {
        let values = json!({"User.Created": {"x-logto-since": "1.43.0"}});
        json!({"components": {"schemas": {"HookEvent": {"enum": events, "x-logto-values": values}}}})
    }

    #[test]
    fn an_event_says_which_releases_have_it() -> Result<()> {
        let docs = BTreeMap::from([("PostSignIn".to_owned(), "A user has signed in.".to_owned())]);
        let text = list(&contract(json!(["PostSignIn", "User.Created"])), &docs)?;
        let own = "    /// `User.Created`. Since Logto 1.43.0.\n    UserCreated(DataChange) = \"User.Created\",";
        assert!(text.contains(own), "{text}");
        let documented =
            "    /// A user has signed in (`PostSignIn`).\n    PostSignIn(Interaction)";
        assert!(text.contains(documented), "{text}");
        Ok(())
    }

    #[test]
    fn what_is_no_list_of_names_is_an_error() {
        for events in [json!(null), json!([1]), json!(["User.created"]), json!(["User..X"])] {
            assert!(list(&contract(events), &BTreeMap::new()).is_err());
        }
    }
}
