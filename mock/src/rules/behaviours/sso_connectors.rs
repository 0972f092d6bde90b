//! Enterprise connectors: whose users they sign in, and how their providers are reached.

use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Call, Outcome},
        catalog, engine,
        errors::Failure,
        formats, providers,
    },
    state::collection::{Members, object},
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
    let domains: Vec<String> =
        call.strings("domains").iter().map(|domain| domain.to_lowercase()).collect();
    check_domains(&domains)?;
    if let Some(config) = call.body.get("config") {
        let own = object(json!({ "providerName": name, "config": config }));
        check_config(&kind, &own)?;
    }
    let has_domains = call.body.get("domains").is_some();
    let mut reply = engine::run(call)?;
    let id = reply.value().map(|own| own["id"].as_str().unwrap_or_default().to_owned());
    if let Some(id) = id.filter(|_| has_domains) {
        call.state.connectors.sso.retain(|own| own.id != id);
        for domain in domains {
            call.state.connectors.add_sso(&id, &domain);
        }
    }
    Ok(reply)
}

/// Addresses that anybody can have identify no enterprise.
fn check_domains(domains: &[String]) -> Result<(), Failure> {
    let forbidden: Vec<&String> =
        domains.iter().filter(|own| PUBLIC.contains(&own.as_str())).collect();
    let is_repeated = |at: usize, own: &String| domains[..at].contains(own);
    let repeated = domains.iter().enumerate().filter(|(at, own)| is_repeated(*at, own));
    let repeated: Vec<&String> = repeated.map(|(_, own)| own).collect();
    let refused =
        |code, named: Vec<&String>| Err(Failure::new(422, code).data(json!({ "data": named })));
    match (forbidden.is_empty(), repeated.is_empty()) {
        (false, _) => refused("single_sign_on.forbidden_domains", forbidden),
        (_, false) => refused("single_sign_on.duplicated_domains", repeated),
        _ => Ok(()),
    }
}

/// What is needed to reach the provider has to be there, an issuer be a URL, and metadata of SAML
/// have a certificate.
fn check_config(kind: &Value, own: &Members) -> Result<(), Failure> {
    let config = &own["config"];
    let is_no_url = |text: &str| !formats::is_url(text);
    if !providers::is_configured(own)
        || kind == "oidc" && config["issuer"].as_str().is_some_and(is_no_url)
    {
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
