//! Enterprise connectors: whose users they sign in, and how their providers are reached.

use serde_json::{Value, json};

use crate::rules::{
    call::{Call, Outcome},
    catalog, engine,
    errors::Failure,
    guard,
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
