//! What a tenant sets and counts.

use serde_json::{Value, json};

use super::{profile_fields::check_known, sign_in_experience};
use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        engine,
        errors::Failure,
        passwords,
        plan::camel,
        releases::knows,
        spec::Spec,
        users::not_found,
    },
    state::{collection::Members, iso, keys::Algorithm, now, tables::Row},
};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Nobody's activity is counted: the curve is flat.
pub(super) fn active_users(call: &mut Call<'_>) -> Outcome {
    if call.query.get("date").is_some_and(|date| date.len() != 10) {
        let issue = crate::rules::contract::issues::malformed("regex", "Invalid", &["date".into()]);
        return Err(crate::rules::contract::refused("query", &[issue]));
    }
    let today = now();
    let days = (0..30).rev().map(|ago| iso(today - ago * DAY).chars().take(10).collect::<String>());
    let curve: Vec<Value> = days.map(|date| json!({ "date": date, "count": 0 })).collect();
    let none = json!({ "count": 0, "delta": 0 });
    Ok(Reply::ok(json!({ "dauCurve": curve, "dau": none, "wau": none, "mau": none })))
}

fn is_private(call: &Call<'_>) -> bool {
    call.path[0] == "private-keys"
}

pub(super) fn oidc_keys(call: &mut Call<'_>) -> Outcome {
    let created = now() / 1000;
    if !is_private(call) {
        let ids = call.state.cookie_keys.iter();
        let shown = ids.map(|id| json!({ "id": id, "createdAt": created }));
        return Ok(Reply::ok(shown.collect::<Value>()));
    }
    let keys = call.state.keys.list();
    let shown = keys.enumerate().map(|(at, (id, algorithm))| {
        let status = if at == 0 { "Current" } else { "Previous" };
        json!({
            "id": id, "createdAt": created, "signingKeyAlgorithm": algorithm.name(),
            "status": status,
        })
    });
    Ok(Reply::ok(shown.collect::<Value>()))
}

pub(super) fn rotate_oidc_keys(call: &mut Call<'_>) -> Outcome {
    let id = call.state.ids.standard();
    if is_private(call) {
        let algorithm = match call.text("signingKeyAlgorithm") {
            "RSA" => Algorithm::Rsa,
            _ => Algorithm::Ec,
        };
        call.state.keys.rotate(&id, algorithm);
    } else if call.body.get("rotationGracePeriod").is_some() {
        return Err(Failure::new(422, "oidc.invalid_request"));
    } else {
        call.state.cookie_keys.insert(0, id);
        call.state.cookie_keys.truncate(2);
    }
    oidc_keys(call)
}

pub(super) fn delete_oidc_key(call: &mut Call<'_>) -> Outcome {
    let key = call.path[1].clone();
    let known: Vec<String> = match is_private(call) {
        true => call.state.keys.list().map(|(id, _)| id.to_owned()).collect(),
        false => call.state.cookie_keys.clone(),
    };
    let is_only = known.len() <= 1;
    // Of private keys, 1.42 looks first whether there is such a one.
    let looks_first = is_private(call) && knows(call.state, "1.42");
    match known.contains(&key) {
        false if looks_first || !is_only => {
            let message = format!("Key with ID {key} is not found.");
            return Err(Failure::with_message(404, "oidc.key_not_found", &message));
        }
        _ if is_only => return Err(Failure::new(422, "oidc.key_required")),
        _ => {}
    }
    match is_private(call) {
        true => call.state.keys.remove(&key),
        false => call.state.cookie_keys.retain(|own| *own != key),
    }
    Ok(Reply::nothing())
}

pub(super) fn delete_email_templates(call: &mut Call<'_>) -> Outcome {
    let filters: Vec<(&str, &str)> = call.query.iter().collect();
    if filters.is_empty() {
        return Err(Failure::new(422, "connector.email_connector.bulk_deletion_no_filter"));
    }
    let table = call.state.tables.table("email-templates");
    let fits =
        |own: &Members| filters.iter().all(|(name, value)| own.get(*name) == Some(&json!(value)));
    let gone = table.newest_first().filter(|row| fits(&row.members));
    let gone: Vec<String> = gone.map(|row| row.key.clone()).collect();
    gone.iter().for_each(|key| {
        table.remove("", key);
    });
    Ok(Reply::ok(json!({ "rowCount": gone.len() })))
}

pub(super) fn check_password(call: &mut Call<'_>) -> Outcome {
    let user = match call.body["userId"].as_str() {
        Some(id) => Some(call.state.users.find(id).ok_or_else(not_found)?.to_json()),
        None => None,
    };
    match passwords::complaints(call.state, call.text("password"), user.as_ref()) {
        Some(issues) if issues.is_empty() => Ok(Reply::ok(json!({ "result": true }))),
        Some(issues) => Ok(Reply::json(400, json!({ "result": false, "issues": issues }))),
        None => {
            let what = "User information data is required to check user information.";
            let failure = Failure::with_message(
                400,
                "request.invalid_input",
                "Input is invalid. {{details}}",
            );
            Err(failure.data(json!({ "message": what })))
        }
    }
}

/// What a user has said about second factors and passkeys.
pub(super) fn of_user(call: &mut Call<'_>) -> Outcome {
    let user = call.state.users.find_mut(&call.path[0]).ok_or_else(not_found)?;
    user.mfa.set_config(&call.body);
    Ok(Reply::ok(user.mfa.config()))
}

/// The account center shows fields that are there.
pub(super) fn account_center(call: &mut Call<'_>) -> Outcome {
    let fields = call.body["profileFields"].as_array();
    check_known(call.state, fields.map_or(&[], Vec::as_slice))?;
    engine::run(call)
}

/// What everybody may know of the account center is what is set of it.
pub(super) fn public_account_center(call: &mut Call<'_>) -> Outcome {
    let stored = call.state.tables.get("account-center").and_then(|table| table.get("", ""));
    let own = stored.map(|row| row.members.clone());
    Ok(Reply::ok(own.unwrap_or_else(|| Spec::of("account-center").defaults())))
}

pub(super) fn create_domain(call: &mut Call<'_>) -> Outcome {
    let domain = call.body["domain"].clone();
    if call.state.tables.of_all("domains").any(|row| row.members["domain"] == domain) {
        return Err(Failure::new(422, "domain.domain_in_use"));
    }
    check_domains(call)?;
    call.body["dnsRecords"] =
        json!([{ "name": domain, "type": "CNAME", "value": "mock.logto.example" }]);
    engine::run(call)
}

pub(super) fn delete_domain(call: &mut Call<'_>) -> Outcome {
    check_domains(call)?;
    engine::run(call)
}

/// A server of one's own has no provider that serves custom domains.
fn check_domains(call: &Call<'_>) -> Result<(), Failure> {
    match call.state.custom_domains {
        true => Ok(()),
        false => Err(Failure::new(400, "domain.not_configured")),
    }
}

/// The scripts that are set, with what each is for.
pub(super) fn list_scripts(call: &mut Call<'_>) -> Outcome {
    let mut rows: Vec<&Row> = call.state.tables.of_all(&call.plan.table).collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let key = |path: &str| match path.starts_with("action.") {
        true => path.to_owned(),
        false => format!("jwt.{}", camel(path)),
    };
    let shown = rows.into_iter().map(|row| json!({ "key": key(&row.key), "value": row.members }));
    Ok(Reply::ok(shown.collect::<Value>()))
}

pub(super) fn delete_captcha(call: &mut Call<'_>) -> Outcome {
    sign_in_experience::set(call, "captchaPolicy", json!({ "enabled": false }));
    engine::run(call)
}
