//! Enterprise connectors: whose users they sign in, and how their providers are reached.

use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Call, Outcome},
        catalog, engine,
        errors::Failure,
        guard,
    },
    state::State,
};

const PUBLIC: [&str; 5] = ["gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "icloud.com"];

/// Creates or changes one; its users have e-mail addresses of its domains.
pub(super) fn set(call: &mut Call<'_>) -> Outcome {
    let name = match call.path.first() {
        Some(id) => {
            call.state.tables.find("sso-connectors", id).map(|own| own["providerName"].clone())
        }
        None => Some(call.body["providerName"].clone()),
    };
    let provider = name.as_ref().and_then(Value::as_str).map(catalog::provider);
    if matches!(provider, Some(None)) {
        return Err(Failure::new(422, "connector.not_found"));
    }
    let kind = provider.flatten().map(|own| own["providerType"].clone()).unwrap_or_default();
    check_config(&kind, &call.body["config"])?;
    let domains = call.strings("domains");
    let refused: Vec<&String> =
        domains.iter().filter(|own| PUBLIC.contains(&own.as_str())).collect();
    if !refused.is_empty() {
        let failure = Failure::new(422, "single_sign_on.forbidden_domains");
        return Err(failure.data(json!({ "data": refused })));
    }
    let has_domains = call.body.get("domains").is_some();
    let is_new = call.path.is_empty();
    let mut reply = engine::run(call)?;
    let id = reply.value().map(|own| own["id"].as_str().unwrap_or_default().to_owned());
    if let Some(id) = id.filter(|_| has_domains) {
        call.state.connectors.sso.retain(|own| own.id != id);
        for domain in domains {
            call.state.connectors.add_sso(&id, &domain);
        }
    }
    if let Some(own) = reply.value().filter(|_| !is_new) {
        show_provider(call.state, own);
    }
    Ok(reply)
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    if let Some(own) = reply.value() {
        show_provider(call.state, own);
    }
    Ok(reply)
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let mut reply = engine::run(call)?;
    reply.items().for_each(|own| show_provider(call.state, own));
    Ok(reply)
}

/// An issuer has to be a URL, and metadata of SAML have a certificate.
fn check_config(kind: &Value, config: &Value) -> Result<(), Failure> {
    let is_no_url = |text: &str| !guard::is_url(text);
    if kind == "oidc" && config["issuer"].as_str().is_some_and(is_no_url) {
        return Err(Failure::new(400, "connector.invalid_config"));
    }
    let has_no_certificate = |text: &str| !text.contains("X509Certificate");
    if kind == "saml" && config["metadata"].as_str().is_some_and(has_no_certificate) {
        let data = json!({
            "ssoErrorCode": "invalid_certificate", "config": { "x509Certificate": null }, "error": {},
        });
        return Err(Failure::new(400, "connector.invalid_certificate").data(data));
    }
    Ok(())
}

/// What the two sides of SAML know of each other, as soon as there is a configuration.
fn show_provider(state: &State, own: &mut Value) {
    let is_set = own["config"].as_object().is_some_and(|config| !config.is_empty());
    if own["providerType"] != "saml" || !is_set {
        return;
    }
    let id = own["id"].as_str().unwrap_or_default();
    let endpoint = &state.endpoint;
    let metadata = own["config"]["metadata"].as_str().unwrap_or_default();
    let set = |name: &str, found: Option<&str>| match own["config"][name].as_str() {
        Some(text) => text.to_owned(),
        None => found.unwrap_or_default().to_owned(),
    };
    let provider = json!({
        "entityId": set("entityId", between(metadata, "entityID=\"", "\"")),
        "signInEndpoint": set("signInEndpoint", between(metadata, "Location=\"", "\"")),
        "x509Certificate": set("x509Certificate", between(metadata, "X509Certificate>", "<")),
        "certificateExpiresAt": 4_102_444_800_000_u64, "isCertificateValid": true,
    });
    own["providerConfig"] = json!({
        "defaultAttributeMapping": { "id": "nameID", "email": "email", "name": "name" },
        "serviceProvider": {
            "entityId": format!("{endpoint}/enterprise-sso/{id}"),
            "assertionConsumerServiceUrl":
                format!("{endpoint}/api/authn/single-sign-on/saml/{id}"),
        },
        "identityProvider": provider,
    });
}

/// The text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}
