//! What the providers of enterprise connectors say of themselves.

use serde_json::{Value, json};

use super::catalog;
use crate::state::{State, collection::Members};

/// What a connector shows of its provider, as far as it is configured.
pub(crate) fn config(state: &State, id: &str, own: &Members) -> Option<Value> {
    let config = own.get("config")?;
    let provider = catalog::provider(own.get("providerName")?.as_str()?)?;
    match provider.get("providerType")?.as_str()? {
        "saml" => Some(saml(&state.endpoint, id, config)),
        _ => oidc(config),
    }
}

/// Whether a connector has what is needed to reach its provider.
pub(crate) fn is_configured(own: &Members) -> bool {
    let kind = own.get("providerName").and_then(Value::as_str).and_then(catalog::provider);
    let is_google = own.get("providerName").is_some_and(|name| name == "GoogleWorkspace");
    let config = own.get("config").unwrap_or(&Value::Null);
    let has = |names: &[&str]| names.iter().all(|name| config[*name].is_string());
    match kind.as_ref().and_then(|own| own.get("providerType")?.as_str()) {
        Some("oidc") => has(&["clientId", "clientSecret"]) && (is_google || has(&["issuer"])),
        _ => {
            has(&["metadata"])
                || has(&["metadataUrl"])
                || has(&["entityId", "signInEndpoint", "x509Certificate"])
        }
    }
}

/// What an OpenID Connect provider would say of itself.
fn oidc(config: &Value) -> Option<Value> {
    let issuer = config["issuer"].as_str()?;
    let mut shown = config.clone();
    if shown.get("scope").is_none() {
        shown["scope"] = "openid profile email".into();
    }
    for (name, path) in [
        ("authorizationEndpoint", "auth"),
        ("tokenEndpoint", "token"),
        ("userinfoEndpoint", "me"),
        ("jwksUri", "jwks"),
    ] {
        shown[name] = format!("{issuer}/{path}").into();
    }
    Some(shown)
}

/// What the two sides of SAML know of each other.
fn saml(endpoint: &str, id: &str, config: &Value) -> Value {
    let metadata = config["metadata"].as_str().unwrap_or_default();
    let set = |name: &str, found: Option<&str>| match config[name].as_str() {
        Some(text) => text.to_owned(),
        None => found.unwrap_or_default().to_owned(),
    };
    let provider = json!({
        "entityId": set("entityId", between(metadata, "entityID=\"", "\"")),
        "signInEndpoint": set("signInEndpoint", between(metadata, "Location=\"", "\"")),
        "x509Certificate": set("x509Certificate", between(metadata, "X509Certificate>", "<")),
        "certificateExpiresAt": 4_102_444_800_000_u64, "isCertificateValid": true,
    });
    let mut shown = json!({
        "defaultAttributeMapping": { "id": "nameID", "email": "email", "name": "name" },
        "serviceProvider": {
            "entityId": format!("{endpoint}/enterprise-sso/{id}"),
            "assertionConsumerServiceUrl":
                format!("{endpoint}/api/authn/single-sign-on/saml/{id}"),
        },
    });
    if config.as_object().is_some_and(|own| !own.is_empty()) {
        shown["identityProvider"] = provider;
    }
    shown
}

/// The text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}
