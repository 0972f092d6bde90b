//! Applications, their secrets and what users let them have.

use serde_json::{Value, json};

use crate::{
    rules::{
        apps::is_public,
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        plan::plan_of,
        releases::knows,
        spec::{Act, Spec},
    },
    state::{
        State,
        collection::{Members, object, text},
        now,
        tables::Row,
    },
};

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    match call.text("type") {
        "Protected" => return Err(Failure::new(501, "application.protected_app_not_configured")),
        "SAML" => return Err(Failure::new(400, "application.saml.use_saml_app_api")),
        _ => {}
    }
    check_exchange(call, call.body["isThirdParty"] == true)?;
    if !knows(call.state, "1.42") {
        // Releases before show the one that they keep for themselves, whatever the type.
        call.body["secret"] = format!("#internal:{}", call.state.ids.secret()).into();
    }
    let own = engine::add(call, "", call.body.clone())?;
    add_default_secret(call.state, &own);
    Ok(Reply::ok(own))
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    let is_third_party = application(call).is_ok_and(|own| own["isThirdParty"] == true);
    check_exchange(call, is_third_party)?;
    engine::run(call)
}

/// Third parties exchange no tokens.
fn check_exchange(call: &Call<'_>, is_third_party: bool) -> Result<(), Failure> {
    match is_third_party && call.body["customClientMetadata"]["allowTokenExchange"] == true {
        true => {
            let code = "application.third_party_application_cannot_enable_token_exchange";
            Err(Failure::new(422, code))
        }
        false => Ok(()),
    }
}

/// What can keep a secret has one from the start.
pub(crate) fn add_default_secret(state: &mut State, application: &Members) {
    let member = |name| text(application, name).unwrap_or_default();
    if !is_public(member("type")) {
        let secret = object(json!({
            "tenantId": "default", "applicationId": member("id"), "name": "Default secret",
            "value": state.ids.secret(), "createdAt": now(), "expiresAt": null,
        }));
        let (owner, key) = (member("id").to_owned(), "Default secret".to_owned());
        state.tables.table("applications/secrets").add(Row { owner, key, members: secret });
    }
}

/// The application that the path names.
fn application<'a>(call: &'a Call<'_>) -> Result<&'a Members, Failure> {
    let id = call.path.first().map(String::as_str).unwrap_or_default();
    let found = call.state.tables.find("applications", id);
    found.ok_or_else(|| Spec::of("applications").missing(Act::Read, id))
}

pub(super) fn create_secret(call: &mut Call<'_>) -> Outcome {
    if is_public(text(application(call)?, "type").unwrap_or_default()) {
        return Err(Failure::new(422, "entity.db_constraint_violated"));
    }
    refuse_past(call)?;
    call.body["value"] = call.state.ids.secret().into();
    engine::run(call)
}

/// What has ended already cannot be created.
pub(super) fn refuse_past(call: &Call<'_>) -> Result<(), Failure> {
    match call.body["expiresAt"].as_u64() {
        Some(time) if time <= now() => {
            let message = "Input is invalid. The value of `expiresAt` must be in the future.";
            Err(Failure::with_message(400, "request.invalid_input", message))
        }
        _ => Ok(()),
    }
}

/// How many SAML applications a server of one's own may have.
const SAML_LIMIT: usize = 3;

pub(super) fn create_saml(call: &mut Call<'_>) -> Outcome {
    if call.state.tables.of_all("saml-applications").count() >= SAML_LIMIT {
        let message = "You CAN NOT create more SAML apps since the limit of 3 is hit.";
        return Err(Failure::with_message(403, "application.saml.reach_oss_limit", message));
    }
    let mut reply = engine::run(call)?;
    // It signs from the start.
    let id = reply.value().map(|own| own["id"].as_str().unwrap_or_default().to_owned());
    if let (Some(id), Some(plan)) = (id, plan_of("saml-applications/secrets")) {
        call.plan = plan;
        engine::add(call, &id, json!({ "active": true }))?;
    }
    Ok(reply)
}

/// What a service provider reads of a SAML application that has an active certificate.
pub(super) fn saml_metadata(call: &mut Call<'_>) -> Outcome {
    let id = &call.path[0];
    let mut secrets = call.state.tables.of("saml-applications/secrets", id);
    let secret = secrets.find(|row| row.members.get("active") == Some(&true.into()));
    let Some(secret) = secret else {
        let message =
            format!("Can not find SAML application by ID ({id}) with active certificate.");
        return Err(Failure::new(404, "entity.not_found").data(json!({ "message": message })));
    };
    let (endpoint, certificate) = (&call.state.endpoint, text(&secret.members, "certificate"));
    Ok(Reply::text(format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"{endpoint}/saml/{id}\"><IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{endpoint}/api/saml/{id}/authn\"/></IDPSSODescriptor></EntityDescriptor>",
        certificate.unwrap_or_default()
    )))
}

pub(super) fn delete_saml_secret(call: &mut Call<'_>) -> Outcome {
    let [owner, key] = call.path.as_slice() else { return engine::run(call) };
    let secrets = call.state.tables.get("saml-applications/secrets");
    let row = secrets.and_then(|table| table.get(owner, key));
    match row.is_some_and(|row| row.members.get("active") == Some(&true.into())) {
        true => Err(Failure::new(400, "application.saml.can_not_delete_active_secret")),
        false => engine::run(call),
    }
}

pub(super) fn no_legacy_secret(call: &mut Call<'_>) -> Outcome {
    application(call)?;
    Err(Failure::new(400, "application.no_legacy_secret_found"))
}

pub(super) fn not_protected(call: &mut Call<'_>) -> Outcome {
    application(call)?;
    Err(Failure::new(422, "application.protected_application_only"))
}

/// The kinds of scopes, by their names in paths, in bodies and in replies, with their table.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("organization-scopes", "organizationScopes", "organizationScopes", "organization-scopes"),
    ("resource-scopes", "resourceScopes", "resourceScopes", "resources/scopes"),
    (
        "organization-resource-scopes",
        "organizationResourceScopes",
        "organizationResourceScopes",
        "resources/scopes",
    ),
    ("user-scopes", "userScopes", "userScopes", ""),
];

/// The pairs of an application (or of all that introduce themselves) and its scopes of a kind.
fn pairs(kind: &str) -> String {
    format!("applications/consent/{kind}")
}

fn consenting(call: &Call<'_>) -> Result<String, Failure> {
    if call.operation.template.starts_with("/api/cimd") {
        return Ok(String::new());
    }
    application(call).map(|_| call.path[0].clone())
}

pub(super) fn consent_scopes(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let state = &*call.state;
    let mut shown = json!({});
    for (kind, _, name, table) in KINDS {
        let scopes: Vec<&str> = state.links.rights(&pairs(kind), &id).collect();
        shown[name] = match table {
            "" => json!(scopes),
            "organization-scopes" => described(state, table, &scopes),
            _ => by_resource(state, &scopes),
        };
    }
    Ok(Reply::ok(shown))
}

fn described(state: &State, table: &str, ids: &[&str]) -> Value {
    let found = ids.iter().filter_map(|id| state.tables.find(table, id));
    let shown = found.map(|own| {
        json!({ "id": own["id"], "name": own["name"], "description": own.get("description") })
    });
    shown.collect()
}

fn by_resource(state: &State, ids: &[&str]) -> Value {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for id in ids {
        let scope = state.tables.find("resources/scopes", id);
        let resource = scope.and_then(|scope| text(scope, "resourceId")).unwrap_or_default();
        match groups.iter_mut().find(|(own, _)| own == resource) {
            Some((_, scopes)) => scopes.push(id),
            None => groups.push((resource.to_owned(), vec![id])),
        }
    }
    let shown = groups.iter().filter_map(|(id, scopes)| {
        let own = state.tables.find("resources", id)?;
        let resource = json!({ "id": id, "name": own["name"], "indicator": own["indicator"] });
        let scopes = described(state, "resources/scopes", scopes);
        Some(json!({ "resource": resource, "scopes": scopes }))
    });
    shown.collect()
}

pub(super) fn add_consent_scopes(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let third_party = application(call).is_ok_and(|own| own["isThirdParty"] == true);
    if !id.is_empty() && !third_party {
        return Err(Failure::new(422, "application.third_party_application_only"));
    }
    for (kind, member, ..) in KINDS {
        for scope in call.strings(member) {
            call.state.links.of(&pairs(kind)).add(&id, &scope);
        }
    }
    Ok(Reply::created())
}

pub(super) fn remove_consent_scope(call: &mut Call<'_>) -> Outcome {
    let id = consenting(call)?;
    let [.., kind, scope] = call.path.as_slice() else { return engine::run(call) };
    match call.state.links.of(&pairs(kind)).remove(&id, scope) {
        true => Ok(Reply::nothing()),
        false => Err(Failure::new(404, "entity.not_found")),
    }
}

pub(super) fn consent_organizations(call: &mut Call<'_>) -> Outcome {
    application(call)?;
    let left = call.path.join("/");
    let state = &*call.state;
    let ids = state.links.rights("applications/users/consent-organizations", &left);
    let found = ids.filter_map(|id| state.tables.find("organizations", id)).cloned();
    let found: Vec<Value> = found.map(Value::from).collect();
    let total = Some(found.len());
    Ok(Reply { total, ..Reply::ok(json!({ "organizations": found })) })
}
