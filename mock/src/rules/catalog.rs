//! What connectors can be made of: `connectors.json`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::state::collection::{Members, object};

static CATALOG: LazyLock<Value> = LazyLock::new(|| {
    let catalog = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/connectors.json"));
    serde_json::from_str(catalog).unwrap_or_default()
});

/// A picture of one point.
const LOGO: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

/// The factories of social, e-mail and SMS connectors.
pub(crate) fn factories() -> impl Iterator<Item = Members> {
    let all = CATALOG["factories"].as_array().into_iter().flatten();
    all.map(|own| {
        let name = own["name"].as_str().unwrap_or_default();
        let mut factory = object(own.clone());
        factory.extend(object(json!({
            "isDemo": false, "logo": LOGO, "logoDark": null,
            "name": in_languages(&own["nameLanguages"], name),
            "description": in_languages(&own["descriptionLanguages"], &format!("Connects to {name}.")),
            "readme": format!("# {name}\n"),
        })));
        factory.retain(|name, _| !name.ends_with("Languages") && name != "config");
        factory
    })
}

/// What a connector without a form asks for: each member with its type.
pub(crate) fn config_of(id: &str) -> impl Iterator<Item = (&str, &str)> {
    let all = CATALOG["factories"].as_array().into_iter().flatten();
    let own = all.filter(move |own| own["id"] == id);
    let members = own.filter_map(|own| own["config"].as_object()).flatten();
    members.filter_map(|(name, kind)| Some((name.as_str(), kind.as_str()?)))
}

/// The same text for each language; in English where none is told.
fn in_languages(languages: &Value, text: &str) -> Value {
    let languages = languages.as_array().into_iter().flatten().filter_map(Value::as_str);
    let languages = languages.chain(["en"]);
    languages.map(|language| (language.to_owned(), text.into())).collect::<Members>().into()
}

pub(crate) fn factory(id: &str) -> Option<Members> {
    factories().find(|own| own["id"] == id)
}

/// The kinds of enterprise connectors.
pub(crate) fn providers() -> impl Iterator<Item = Members> {
    let all = CATALOG["providers"].as_array().into_iter().flatten();
    all.map(|own| {
        let mut provider = object(own.clone());
        provider.extend(object(json!({
            "logo": LOGO, "logoDark": LOGO,
            "description": format!("Signs in with {}.", own["name"].as_str().unwrap_or_default()),
        })));
        provider
    })
}

pub(crate) fn provider(name: &str) -> Option<Members> {
    providers().find(|own| own["providerName"] == name)
}
