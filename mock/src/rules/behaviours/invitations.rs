//! Invitations to organizations.

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        catalog,
        contract::{
            issues::{no_form, wrong_literal, wrong_type},
            refused,
        },
        engine,
        errors::Failure,
    },
    state::{
        State,
        collection::{Members, text},
        now,
        tables::Row,
    },
};

const TABLE: &str = "organization-invitations";

/// An invitation is for one address and one organization, and ends later than now.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    if call.body["messagePayload"] == true {
        let (given, path) = (&call.body["messagePayload"], ["messagePayload".into()]);
        let forms = vec![
            vec![wrong_type("object", Some(given), &path)],
            vec![wrong_literal(false, Some(given), &path)],
        ];
        return Err(refused("body", &[no_form(forms, &path)]));
    }
    super::applications::refuse_past(call)?;
    let (organization, invitee) = (call.text("organizationId"), call.text("invitee"));
    if is_member(call.state, organization, invitee) {
        return Err(invalid("The invitee is already a member of the organization."));
    }
    let inviter = call.body["inviterId"].as_str();
    if call.state.tables.find("organizations", organization).is_none()
        || inviter.is_some_and(|id| call.state.users.find(id).is_none())
    {
        return Err(Failure::new(422, "entity.relation_foreign_key_not_found"));
    }
    let same = |own: &Members, name: &str| text(own, name) == Some(call.text(name));
    let mut others = call.state.tables.of_all(TABLE).map(|row| &row.members);
    let is_taken = others
        .any(|own| status(own) == "Pending" && same(own, "invitee") && same(own, "organizationId"));
    drop(others);
    if is_taken {
        return Err(Failure::new(422, "entity.unique_integrity_violation"));
    }
    if call.body["messagePayload"].is_object() {
        check_mail_server(call.state)?;
    }
    engine::run(call)
}

/// Sends it once more.
pub(super) fn send(call: &mut Call<'_>) -> Outcome {
    let own = call.state.tables.find(TABLE, &call.path[0]);
    own.ok_or_else(|| Failure::new(404, "entity.not_found"))?;
    check_mail_server(call.state).map(|()| Reply::nothing())
}

fn is_member(state: &State, organization: &str, email: &str) -> bool {
    let mut members = state.links.rights("organizations/users", organization);
    members
        .any(|id| state.users.find(id).is_some_and(|user| user.text("primaryEmail") == Some(email)))
}

/// Messages need a connector that sends e-mail.
fn check_mail_server(state: &State) -> Result<(), Failure> {
    let sends_email = |row: &Row| {
        let factory = text(&row.members, "connectorId").and_then(catalog::factory);
        factory.is_some_and(|own| text(&own, "type") == Some("Email"))
    };
    match state.tables.of_all("connectors").any(sends_email) {
        true => Ok(()),
        false => {
            let message = "Cannot find any available connector for type: Email.";
            Err(Failure::with_message(501, "connector.not_found", message))
        }
    }
}

/// It ends by itself.
pub(crate) fn status(own: &Members) -> &str {
    let has_ended = own.get("expiresAt").and_then(serde_json::Value::as_u64) < Some(now());
    match text(own, "status").unwrap_or("Pending") {
        "Pending" if has_ended => "Expired",
        status => status,
    }
}

fn invalid(what: &str) -> Failure {
    Failure::invalid_input(422, what)
}

/// Accepting makes the user with the invited address a member, with the invitation's roles.
pub(super) fn set_status(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let is_accepted = call.text("status") == "Accepted";
    if is_accepted && !call.body["acceptedUserId"].is_string() {
        return Err(invalid("The `acceptedUserId` is required when accepting an invitation."));
    }
    let own = call.state.tables.find(TABLE, &id).cloned();
    let own = own.ok_or_else(|| Failure::new(404, "entity.not_found"))?;
    if status(&own) != "Pending" {
        return Err(invalid("The status of the invitation cannot be changed anymore."));
    }
    if is_accepted {
        let user = call.state.users.find(call.text("acceptedUserId"));
        let user = user.ok_or_else(|| Failure::new(404, "entity.not_found"))?;
        let address = user.text("primaryEmail").unwrap_or_default();
        if !address.eq_ignore_ascii_case(text(&own, "invitee").unwrap_or_default()) {
            return Err(invalid("The accepted user must have the same email as the invitee."));
        }
        let (user, organization) =
            (user.id.clone(), text(&own, "organizationId").unwrap_or_default());
        call.state.links.of("organizations/users").add(organization, &user);
        let roles = call.state.links.rights("organization-invitations/organization-roles", &id);
        let roles: Vec<String> = roles.map(str::to_owned).collect();
        let member = format!("{organization}/{user}");
        for role in roles {
            call.state.links.of("organizations/users/roles").add(&member, &role);
        }
    }
    engine::run(call)
}
