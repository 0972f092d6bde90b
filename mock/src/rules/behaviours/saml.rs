//! SAML applications: their settings and secrets, and the sign-ins that they ask for.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::applications::{self, application};
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        contract::{
            issues::{custom, explained, malformed, wrong_type},
            refused,
        },
        engine,
        errors::Failure,
        formats::is_url,
        plan::plan_of,
        releases::knows,
    },
    state::{
        collection::{Members, object, text},
        now,
        params::Params,
        tables::Row,
    },
};

const SECRETS: &str = "saml-applications/secrets";
/// Sign-ins under way, by the state that OpenID Connect knows them by.
const SESSIONS: &str = "saml/sessions";
/// How many SAML applications a server of one's own may have.
const LIMIT: usize = 3;

/// The limit is looked at before the body.
pub(super) fn check_limit(call: &Call<'_>) -> Result<(), Failure> {
    let all = call.state.tables.of_all("applications");
    match all.filter(|row| text(&row.members, "type") == Some("SAML")).count() >= LIMIT {
        true => {
            let message = "You CAN NOT create more SAML apps since the limit of 3 is hit.";
            Err(Failure::with_message(403, "application.saml.reach_oss_limit", message))
        }
        false => Ok(()),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let acs_url = &call.body["acsUrl"];
    if acs_url["url"].as_str().is_some_and(|url| !is_url(url)) {
        let issue = malformed("url", "Invalid url", &["acsUrl".into(), "url".into()]);
        return Err(refused("body", &[issue]));
    }
    if acs_url["binding"].as_str().is_some_and(|binding| !binding.ends_with("HTTP-POST")) {
        return Err(Failure::new(422, "application.saml.acs_url_binding_not_supported"));
    }
    let encryption = &call.body["encryption"];
    let is_complete =
        ["encryptThenSign", "certificate"].iter().all(|own| !encryption[*own].is_null());
    if encryption["encryptAssertion"] == true && !is_complete {
        return Err(refused("body", &[custom(&["encryption".into()])]));
    }
    call.body["type"] = "SAML".into();
    let mut reply = engine::run(call)?;
    let id = reply.value().and_then(|own| own["id"].as_str()).unwrap_or_default().to_owned();
    let redirect_uri = callback_uri(call, &id);
    call.state.tables.table("applications").change("", &id, |row| {
        let metadata = json!({ "redirectUris": [redirect_uri], "postLogoutRedirectUris": [] });
        row.members.insert("oidcClientMetadata".into(), metadata);
    });
    // It signs from the start.
    if let Some(plan) = plan_of(SECRETS) {
        call.plan = plan;
        engine::add(call, &id, json!({ "active": true }))?;
    }
    Ok(reply)
}

fn callback_uri(call: &Call<'_>, id: &str) -> String {
    format!("{}/api/saml-applications/{id}/callback", call.state.endpoint)
}

/// Reads, changes or deletes one; other applications have operations of their own.
pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    let own = application(call)?;
    if text(own, "type") != Some("SAML") {
        return Err(Failure::new(422, "application.saml.saml_application_only"));
    }
    applications::check_access_rules(call)?;
    if let (Some(before), Some(given)) =
        (own.get("customData"), call.body["customData"].as_object())
    {
        let mut merged = object(before.clone());
        merged.extend(given.clone());
        call.body["customData"] = merged.into();
    }
    let reply = engine::run(call)?;
    if call.operation.method == "DELETE" {
        call.state.tables.remove_below("saml-applications", &call.path[0]);
    }
    Ok(reply)
}

/// A secret ends in so many years, and is not active before it is made so.
pub(super) fn create_secret(call: &mut Call<'_>) -> Outcome {
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;
    match call.state.tables.find("applications", &call.path[0]) {
        None => return Err(Failure::new(404, "entity.relation_foreign_key_not_found")),
        Some(own) if own["type"] != "SAML" => {
            return Err(Failure::new(422, "entity.db_constraint_violated"));
        }
        Some(_) => {}
    }
    let years = call.body["lifeSpanInYears"].as_u64().unwrap_or_default().min(1000);
    call.body = json!({ "active": false, "expiresAt": now() + years * YEAR });
    engine::run(call)
}

/// Only one secret is active.
pub(super) fn change_secret(call: &mut Call<'_>) -> Outcome {
    let before = call.state.tables.get(SECRETS);
    let before = before.and_then(|table| table.get(&call.path[0], &call.path[1]));
    if before.is_some_and(|row| row.members.get("active") == Some(&call.body["active"])) {
        // Logto fails where it would change nothing.
        return Err(broken());
    }
    let reply = engine::run(call)?;
    if call.body["active"] == true {
        let (owner, key) = (call.path[0].clone(), call.path[1].clone());
        let table = call.state.tables.table(SECRETS);
        let others = table.of(&owner).map(|row| row.key.clone()).filter(|other| *other != key);
        for other in others.collect::<Vec<_>>() {
            table.change(&owner, &other, |row| {
                row.members.insert("active".into(), false.into());
            });
        }
    }
    Ok(reply)
}

pub(super) fn delete_secret(call: &mut Call<'_>) -> Outcome {
    let [owner, key] = call.path.as_slice() else { return engine::run(call) };
    let row = call.state.tables.get(SECRETS).and_then(|table| table.get(owner, key));
    match row.is_some_and(is_active) {
        true => Err(Failure::new(400, "application.saml.can_not_delete_active_secret")),
        false => engine::run(call),
    }
}

fn is_active(secret: &Row) -> bool {
    secret.members.get("active") == Some(&true.into())
}

/// An application that can sign, and its certificate.
fn signing<'a>(call: &'a Call<'_>) -> Result<(&'a Members, &'a str), Failure> {
    let id = &call.path[0];
    let mut secrets = call.state.tables.of(SECRETS, id);
    let secret = secrets.find(|row| is_active(row));
    let found = call.state.tables.find("applications", id).zip(secret);
    let certificate = |secret: &'a Row| text(&secret.members, "certificate").unwrap_or_default();
    found.map(|(own, secret)| (own, certificate(secret))).ok_or_else(|| {
        let message =
            format!("Can not find SAML application by ID ({id}) with active certificate.");
        Failure::new(404, "entity.not_found").data(json!({ "message": message }))
    })
}

/// What a service provider reads of a SAML application.
pub(super) fn metadata(call: &mut Call<'_>) -> Outcome {
    let (id, endpoint) = (&call.path[0], &call.state.endpoint);
    let (_, certificate) = signing(call)?;
    Ok(Reply::page(
        "text/xml; charset=utf-8",
        format!(
            "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             entityID=\"{endpoint}/saml/{id}\"><IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
             <X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>\
             </KeyDescriptor><SingleSignOnService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"{endpoint}/api/saml/{id}/authn\"/></IDPSSODescriptor></EntityDescriptor>"
        ),
    ))
}

/// A service provider asks for a sign-in: the browser goes on with OpenID Connect.
pub(super) fn sign_in(call: &mut Call<'_>) -> Outcome {
    let (own, _) = signing(call)?;
    let entity_id = text(own, "entityId").map(str::to_owned);
    let given = |name: &str| call.query.get(name).or(call.body[name].as_str());
    let sent = STANDARD.decode(given("SAMLRequest").unwrap_or_default()).ok();
    let is_redirect = call.operation.method == "GET";
    let request = match is_redirect {
        true => sent.and_then(|packed| miniz_oxide::inflate::decompress_to_vec(&packed).ok()),
        false => sent,
    };
    let Some(request) = request.and_then(|request| String::from_utf8(request).ok()) else {
        // A server gives up on what it cannot unpack.
        return Err(match is_redirect && knows(call.state, "1.36") {
            true => broken(),
            false => Failure::new(400, "application.saml.invalid_saml_request"),
        });
    };
    let (Some(issuer), Some(request_id)) = (issuer(&request), attribute(&request, "ID")) else {
        return Err(Failure::new(400, "application.saml.invalid_saml_request"));
    };
    if entity_id.is_none() {
        return Err(Failure::new(400, "application.saml.entity_id_required"));
    }
    if entity_id != Some(issuer) {
        return Err(Failure::new(400, "application.saml.auth_request_issuer_not_match"));
    }
    let session = json!({ "requestId": request_id, "relayState": given("RelayState") });
    let state = call.state.ids.secret();
    let row = Row { owner: call.path[0].clone(), key: state.clone(), members: object(session) };
    call.state.tables.table(SESSIONS).add(row);
    Ok(Reply::redirect(authorization_url(call, &state)))
}

/// What a server says that gives up.
fn broken() -> Failure {
    Failure::raw(500, json!({ "message": "Internal server error." }))
}

fn authorization_url(call: &Call<'_>, state: &str) -> String {
    let id = &call.path[0];
    let mut query = Params::default();
    query.set("client_id", id);
    query.set("redirect_uri", &callback_uri(call, id));
    query.set("response_type", "code");
    query.set("scope", "openid profile email");
    query.set("state", state);
    format!("{}/oidc/auth?{}", call.state.endpoint, query.encode())
}

/// What is between the tags of the issuer, whatever prefix they have.
fn issuer(request: &str) -> Option<String> {
    let (_, rest) = request.split_once("Issuer")?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split('<').next()?.trim().to_owned())
}

fn attribute(request: &str, name: &str) -> Option<String> {
    let (_, rest) = request.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// The browser comes back from signing in: it posts the answer to the service provider.
pub(super) fn callback(call: &mut Call<'_>) -> Outcome {
    let given = |name: &str| call.query.get(name).filter(|value| !value.is_empty());
    let (code, error) = (given("code"), given("error"));
    let with_both = code.is_some() && (error.is_some() || given("error_description").is_some());
    let with_more = error.is_some() && (given("state").is_some() || given("redirectUri").is_some());
    if code.is_none() && error.is_none() || with_both || with_more {
        let message = "The request query is invalid.";
        return Err(Failure::with_message(400, "guard.invalid_input", message));
    }
    let Some(code) = code else { return Err(Failure::new(400, "oidc.invalid_request")) };
    let (own, _) = signing(call)?;
    let acs_url = own.get("acsUrl").and_then(|own| own["url"].as_str()).map(str::to_owned);
    let expected = callback_uri(call, &call.path[0]);
    if given("redirectUri").is_some_and(|own| own != expected) {
        return Err(Failure::new(400, "oidc.invalid_redirect_uri"));
    }
    let code = code.to_owned();
    let session = match given("state").map(str::to_owned) {
        None => Members::new(),
        Some(state) => {
            let row = call.state.tables.table(SESSIONS).remove(&call.path[0], &state);
            row.ok_or_else(|| {
                Failure::new(
                    400,
                    "application.saml.sp_initiated_saml_sso_session_not_found_in_cookies",
                )
            })?
            .members
        }
    };
    let known = call.state.tokens.codes.remove(&code);
    let known = known.filter(|own| own.authorization.app_id == call.path[0] && !own.used);
    let user_id = known.ok_or_else(broken)?;
    let user_id = user_id.authorization.user_id;
    let acs_url = acs_url.ok_or_else(|| Failure::new(400, "application.saml.acs_url_required"))?;
    let response = response(call, &user_id, &session, &acs_url);
    Ok(Reply::page("text/html; charset=utf-8", form(&acs_url, &response, &session)))
}

/// Says who the user is. It is not signed.
fn response(call: &Call<'_>, user_id: &str, session: &Members, acs_url: &str) -> String {
    let (id, endpoint) = (&call.path[0], &call.state.endpoint);
    let request_id = text(session, "requestId").unwrap_or_default();
    let user = call.state.users.find(user_id);
    let email = user.map(|user| user.text("primaryEmail").unwrap_or_default().to_owned());
    let xml = format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Version=\"2.0\" \
         Destination=\"{acs_url}\" InResponseTo=\"{request_id}\">\
         <saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Version=\"2.0\">\
         <saml:Issuer>{endpoint}/saml/{id}</saml:Issuer><saml:Subject><saml:NameID>{user_id}\
         </saml:NameID></saml:Subject><saml:AttributeStatement><saml:Attribute Name=\"email\">\
         <saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>\
         </saml:Assertion></samlp:Response>",
        email.unwrap_or_default()
    );
    STANDARD.encode(xml)
}

fn form(acs_url: &str, response: &str, session: &Members) -> String {
    let relay_state = text(session, "relayState").map(|own| {
        let own = own.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        format!("<input type=\"hidden\" name=\"RelayState\" value=\"{own}\"/>")
    });
    format!(
        "<!DOCTYPE html><html><body onload=\"document.forms[0].submit()\">\
         <form method=\"post\" action=\"{acs_url}\">\
         <input type=\"hidden\" name=\"SAMLResponse\" value=\"{response}\"/>{}</form></body></html>",
        relay_state.unwrap_or_default()
    )
}

/// An identity provider answers a social connector. None of them has been asked here.
pub(super) fn assert_social(call: &mut Call<'_>) -> Outcome {
    let id = call.key();
    let connector = call.state.tables.find("connectors", id);
    let is_social = call.state.connectors.social.iter().any(|own| own == id);
    if connector.is_none() && !is_social {
        let message = format!("Unable to find available connector with id {id}.");
        return Err(Failure::with_message(422, "session.invalid_connector_id", &message));
    }
    let issues: Vec<Value> = ["SAMLResponse", "RelayState"]
        .iter()
        .filter(|name| !call.body[**name].is_string())
        .map(|name| wrong_type("string", call.body.get(*name), &[(*name).into()]))
        .collect();
    if !issues.is_empty() {
        return Err(explained(Failure::new(400, "connector.invalid_response"), &issues));
    }
    Err(no_interaction())
}

fn no_interaction() -> Failure {
    Failure::session_not_found("interaction session not found")
}

/// The same, of an enterprise connector.
pub(super) fn assert_enterprise(call: &mut Call<'_>) -> Outcome {
    let id = call.key();
    let connector = call.state.tables.find("sso-connectors", id);
    match connector {
        None => call.state.connectors.sso(id).map(drop)?,
        Some(own) if !text(own, "providerName").is_some_and(|name| name.contains("SAML")) => {
            let is_empty = own["config"].as_object().is_none_or(Members::is_empty);
            let code =
                if is_empty { "connector.invalid_config" } else { "connector.unexpected_type" };
            return Err(Failure::new(400, code));
        }
        Some(_) => {}
    }
    Err(match call.body["RelayState"].is_string() {
        true => no_interaction(),
        false => Failure::new(404, "session.connector_validation_session_not_found"),
    })
}
