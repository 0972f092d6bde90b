//! What everybody may know of how to sign in.

use serde_json::{Value, json};

use super::sign_in_experience;
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        catalog, providers,
        releases::knows,
    },
    state::{
        State,
        collection::{Members, object, text},
    },
};

/// What is shown of a social connector's factory.
const SHOWN: [&str; 7] =
    ["target", "platform", "name", "logo", "logoDark", "isStandard", "isTokenStorageSupported"];

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let mut own = object(sign_in_experience::current(call));
    override_branding(call, &mut own);
    let state = &*call.state;
    let fields = state.tables.of_all("custom-profile-fields");
    let fields: Vec<Value> = fields.map(|row| row.members.clone().into()).collect();
    let is_on = own.get("singleSignOnEnabled") != Some(&false.into());
    let more = json!({
        "socialConnectors": social(state, &own["socialSignInConnectorTargets"]),
        "ssoConnectors": if is_on { enterprise(state) } else { json!([]) },
        "isDevelopmentTenant": false,
        "forgotPassword": forgotten(state, &own["forgotPasswordMethods"]),
        "customProfileFields": fields, "customProfileFieldCatalog": fields,
    });
    own.extend(object(more));
    if let Some(captcha) = captcha(state).filter(|_| own["captchaPolicy"]["enabled"] == true) {
        own.insert("captchaConfig".into(), captcha);
    }
    let is_shown = |name: &str| match name {
        "forgotPasswordMethods" => false,
        "emailBlocklistPolicy" => !knows(state, "1.42"),
        "customProfileFields" => knows(state, "1.36"),
        _ => true,
    };
    own.retain(|name, _| is_shown(name));
    Ok(Reply::ok(own))
}

/// An application or an organization may look different.
fn override_branding(call: &Call<'_>, own: &mut Members) {
    let application = call.query.get("appId").and_then(|id| {
        let table = call.state.tables.get("applications/sign-in-experience")?;
        table.get("", id).map(|row| &row.members)
    });
    let organization =
        call.query.get("organizationId").and_then(|id| call.state.tables.find("organizations", id));
    for other in [application, organization].into_iter().flatten() {
        for name in ["branding", "color"] {
            let members = other.get(name).and_then(Value::as_object).into_iter().flatten();
            for (key, value) in members {
                own[name][key.as_str()] = value.clone();
            }
        }
        if let Some(css) = text(other, "customCss") {
            own.insert("customCss".into(), css.into());
        }
    }
}

/// The connectors that users can choose, in the order of their targets.
fn social(state: &State, targets: &Value) -> Value {
    let targets = targets.as_array().into_iter().flatten();
    let connectors = targets.flat_map(|target| {
        let rows = state.tables.of_all("connectors");
        rows.filter_map(|row| shown(&row.members)).filter(move |own| own["target"] == *target)
    });
    connectors.collect()
}

fn shown(own: &Members) -> Option<Value> {
    let mut shown = catalog::factory(text(own, "connectorId")?)?;
    shown.extend(own.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default());
    shown.retain(|name, _| SHOWN.contains(&name.as_str()));
    shown.insert("id".into(), own.get("id")?.clone());
    Some(shown.into())
}

/// The connectors that are configured, and have users.
fn enterprise(state: &State) -> Value {
    let has_users = |own: &&Members| {
        own.get("domains").and_then(Value::as_array).is_some_and(|domains| !domains.is_empty())
    };
    let rows = state.tables.of_all("sso-connectors").map(|row| &row.members);
    let shown = rows.filter(has_users).filter_map(|own| {
        let provider = catalog::provider(text(own, "providerName")?)?;
        if !providers::is_configured(own) {
            return None;
        }
        let branding = own.get("branding").unwrap_or(&Value::Null);
        let either = |name: &str, other: &str| match branding.get(name) {
            Some(value) => Some(value.clone()),
            None => provider.get(other).cloned(),
        };
        Some(json!({
            "id": own.get("id"), "connectorName": either("displayName", "name"),
            "logo": either("logo", "logo"), "darkLogo": either("darkLogo", "logoDark"),
        }))
    });
    shown.collect()
}

/// By which ways users who forgot their password can get a code.
fn forgotten(state: &State, methods: &Value) -> Value {
    let has = |kind: &str| {
        state.tables.of_all("connectors").any(|row| {
            let factory = text(&row.members, "connectorId").and_then(catalog::factory);
            factory.is_some_and(|factory| factory["type"] == kind)
        })
    };
    let may = |name: &str| {
        methods.as_array().is_none_or(|methods| methods.iter().any(|method| method == name))
    };
    json!({
        "email": may("EmailVerificationCode") && has("Email"),
        "phone": may("PhoneVerificationCode") && has("Sms"),
    })
}

/// What browsers need to know of who tells robots from people.
fn captcha(state: &State) -> Option<Value> {
    let provider = state.tables.get("captcha-provider")?.get("", "")?;
    let config = provider.members.get("config")?.as_object()?;
    let is_public = |name: &str| ["type", "siteKey", "domain", "mode"].contains(&name);
    let shown = config.iter().filter(|(name, _)| is_public(name));
    Some(shown.map(|(name, value)| (name.clone(), value.clone())).collect::<Members>().into())
}
