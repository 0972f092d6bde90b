//! Protected applications: what they are in front of, and the domains that they are found at.

use serde_json::{Value, json};

use super::applications::application;
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        errors::Failure,
    },
    state::{State, collection::Members},
};

/// How long users stay signed in, in seconds.
const SESSION: u64 = 14 * 24 * 60 * 60;

/// The domain below which protected applications are found, if the server has any.
fn domain(state: &State) -> Result<&str, Failure> {
    let domain = state.protected_domain.as_deref();
    domain.ok_or_else(|| Failure::new(501, "application.protected_app_not_configured"))
}

/// Makes the members of a new one of the subdomain and the origin that the body has.
pub(super) fn build(call: &mut Call<'_>) -> Result<(), Failure> {
    let given = &call.body["protectedAppMetadata"];
    let subdomain = given["subDomain"].as_str().unwrap_or_default();
    if !is_label(subdomain) {
        return Err(Failure::new(422, "application.invalid_subdomain"));
    }
    let host = format!("{subdomain}.{}", domain(call.state)?);
    if others(call.state).any(|own| own["host"] == host) {
        return Err(Failure::new(422, "application.protected_application_subdomain_exists"));
    }
    call.body["protectedAppMetadata"] = json!({
        "host": host, "origin": given["origin"], "sessionDuration": SESSION, "pageRules": [],
        "additionalScopes": [],
    });
    call.body["oidcClientMetadata"] = json!({
        "redirectUris": [callback(&host)], "postLogoutRedirectUris": [format!("https://{host}")],
    });
    Ok(())
}

/// The `protectedAppMetadata` of all applications.
fn others(state: &State) -> impl Iterator<Item = &Value> {
    state.tables.of_all("applications").filter_map(|row| row.members.get("protectedAppMetadata"))
}

fn is_label(text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() < 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && is_edge(text.chars().next())
        && is_edge(text.chars().last())
}

fn callback(host: &str) -> String {
    format!("https://{host}/sign-in-callback")
}

/// What an application's metadata are after a change.
pub(super) fn changed(own: &Members, body: &Value) -> Result<Value, Failure> {
    let before = own.get("protectedAppMetadata").and_then(Value::as_object);
    let Some(mut merged) = before.cloned() else {
        return Err(Failure::new(400, "application.protected_application_only"));
    };
    merged.extend(body["protectedAppMetadata"].as_object().cloned().unwrap_or_default());
    Ok(merged.into())
}

/// Before anything else: only protected applications have domains.
pub(super) fn check(call: &Call<'_>) -> Result<(), Failure> {
    match application(call)?["type"] == "Protected" {
        true => Ok(()),
        false => Err(Failure::new(422, "application.protected_application_only")),
    }
}

pub(super) fn domains(call: &mut Call<'_>) -> Outcome {
    domain(call.state)?;
    let own = application(call)?;
    let domains = own["protectedAppMetadata"]["customDomains"].as_array().cloned();
    Ok(Reply::ok(domains.unwrap_or_default()))
}

pub(super) fn add_domain(call: &mut Call<'_>) -> Outcome {
    let value = domain(call.state)?.to_owned();
    let own = application(call)?;
    let before = own["protectedAppMetadata"]["customDomains"].as_array();
    if before.is_some_and(|own| !own.is_empty()) {
        return Err(Failure::new(422, "domain.limit_to_one_domain"));
    }
    let name = call.text("domain").to_owned();
    let has = |own: &Value| own["customDomains"][0]["domain"] == name;
    if others(call.state).any(has) {
        return Err(Failure::new(422, "domain.hostname_already_exists"));
    }
    let id = call.state.ids.standard();
    let added = json!({
        "cloudflareData": { "id": id, "status": "pending", "ssl": { "status": "pending" } },
        "domain": name, "status": "PendingVerification", "errorMessage": null,
        "dnsRecords": [{ "type": "CNAME", "name": name, "value": value }],
    });
    change(call, |metadata, uris| {
        metadata["customDomains"] = json!([added]);
        uris("redirectUris", &callback(&name), true);
        uris("postLogoutRedirectUris", &format!("https://{name}"), true);
    });
    Ok(Reply::created())
}

pub(super) fn remove_domain(call: &mut Call<'_>) -> Outcome {
    let name = call.key().to_owned();
    let own = application(call)?;
    let domains = own["protectedAppMetadata"]["customDomains"].as_array();
    let mut left = domains.cloned().unwrap_or_default();
    let before = left.len();
    left.retain(|own| own["domain"] != name);
    if left.len() == before {
        return Err(Failure::new(404, "application.custom_domain_not_found"));
    }
    change(call, |metadata, uris| {
        metadata["customDomains"] = left.into();
        uris("redirectUris", &callback(&name), false);
        uris("postLogoutRedirectUris", &format!("https://{name}"), false);
    });
    Ok(Reply::nothing())
}

/// Changes an application's metadata, and adds URIs to its lists of them or takes them away.
fn change(call: &mut Call<'_>, change: impl FnOnce(&mut Value, &mut dyn FnMut(&str, &str, bool))) {
    let id = call.path[0].clone();
    call.state.tables.table("applications").change("", &id, |row| {
        let mut metadata = row.members.remove("protectedAppMetadata").unwrap_or_default();
        let mut client = row.members.remove("oidcClientMetadata").unwrap_or_default();
        change(&mut metadata, &mut |list, uri, is_added| {
            let mut uris = client[list].as_array().cloned().unwrap_or_default();
            uris.retain(|own| own != uri);
            uris.extend(is_added.then(|| uri.into()));
            client[list] = uris.into();
        });
        row.members.insert("protectedAppMetadata".into(), metadata);
        row.members.insert("oidcClientMetadata".into(), client);
    });
}

/// What a console shows of where protected applications are found.
pub(super) fn settings(call: &mut Call<'_>) -> Outcome {
    let domain = domain(call.state)?;
    Ok(Reply::ok(json!({ "protectedApps": { "defaultDomain": domain } })))
}
