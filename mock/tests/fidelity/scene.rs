//! Makes what an exchange needs: the entities that its path and its body name, the links between
//! them, and those that stand in its way where it was refused for them.

use serde_json::{Map, Value, json};

use crate::{
    contract,
    exchange::{Exchange, Parameter},
    server, tenant,
    world::{Reply, World},
};

/// Where what a field's ids name is created.
pub(crate) const COLLECTIONS: &[(&str, &str)] = &[
    ("userIds", "/api/users"),
    ("userId", "/api/users"),
    ("acceptedUserId", "/api/users"),
    ("inviterId", "/api/users"),
    ("roleIds", "/api/roles"),
    ("userRoleIds", "/api/roles"),
    ("organizationRoleIds", "/api/organization-roles"),
    ("organizationScopeIds", "/api/organization-scopes"),
    ("organizationScopes", "/api/organization-scopes"),
    ("applicationIds", "/api/applications"),
    ("applicationId", "/api/applications"),
    ("organizationIds", "/api/organizations"),
    ("organizationId", "/api/organizations"),
    ("jitOrganizationIds", "/api/organizations"),
    ("ssoConnectorIds", "/api/sso-connectors"),
    ("scopeIds", SCOPES),
    ("resourceScopeIds", SCOPES),
    ("resourceScopes", SCOPES),
    ("organizationResourceScopes", SCOPES),
];

const SCOPES: &str = "/api/resources/{resourceId}/scopes";

/// What shows the settings of another path, in part.
const VIEWS: &[(&str, &str)] = &[
    ("/api/.well-known/sign-in-exp", SIGN_IN_EXPERIENCE),
    ("/api/.well-known/experience", SIGN_IN_EXPERIENCE),
    ("/api/.well-known/account-center", "/api/account-center"),
];

/// What an entity must have been for a request below it to succeed, by a word in the path.
const HINTS: &[(&str, &str, &str)] = &[
    ("user-consent-scopes", "isThirdParty", "true"),
    ("user-consent-scopes", "type", "\"Traditional\""),
    ("consent-organizations", "isThirdParty", "true"),
    ("consent-organizations", "type", "\"Traditional\""),
    ("protected-app-metadata", "type", "\"Protected\""),
];

const SIGN_IN_EXPERIENCE: &str = "/api/sign-in-exp";

pub(crate) async fn prepare(world: &mut World<'_>, exchange: &Exchange, is_second: bool) {
    world.at(exchange);
    world.mock.set_connector_factories(None);
    tenant::services(world, exchange);
    let is_other = exchange.code().is_some_and(|code| code.ends_with("_only"));
    let hints = HINTS.iter().filter(|(word, ..)| !is_other && exchange.path.contains(word));
    world.hints = hints
        .map(|(_, name, value)| ((*name).to_owned(), serde_json::from_str(value).unwrap()))
        .collect();
    let own = VIEWS.iter().find(|(view, _)| *view == exchange.template);
    let own = own.map_or(exchange.template.as_str(), |(_, own)| own);
    settings(world, exchange, own).await;
    if is_second {
        settings(world, exchange, SIGN_IN_EXPERIENCE).await;
    }
    tenant::members(world, exchange).await;
    let parameters = exchange.parameters();
    for (number, parameter) in parameters.iter().enumerate() {
        let is_last = number + 1 == parameters.len();
        let is_made = parameter.name != "factoryId";
        if is_made && existed(world, exchange, &parameter.value, is_last) {
            ensure(world, exchange, parameter).await;
        }
    }
    if let [.., kind, item] = parameters.as_slice()
        && exchange.succeeded()
    {
        ensure_of_kind(world, exchange, kind, item).await;
    }
    if exchange.method == "GET" && exchange.succeeded() {
        ensure_shown(world, exchange).await;
    }
    server::prepare(world, exchange).await;
    if let (Some(collection), Some(name)) =
        (exchange.template.strip_suffix("/delete"), exchange.request_body["name"].as_str())
    {
        let at = collection.split('/').count();
        let (collection, value) = (collection.to_owned(), name.to_owned());
        ensure(world, exchange, &Parameter { at, collection, name: "name".into(), value }).await;
    }
    named_in(world, exchange, "", &exchange.request_body).await;
    let query = Value::Object(exchange.query.clone());
    named_in(world, exchange, "", &query).await;
    tenant::prepare(world, exchange).await;
    if was_taken(exchange) {
        take(world, exchange).await;
    }
}

/// Sees to it that settings are as they were at the time, member by member.
async fn settings(world: &mut World<'_>, exchange: &Exchange, template: &str) {
    let method = ["PATCH", "PUT"].into_iter().find(|own| contract::body(own, template).is_some());
    let Some(method) = method.filter(|_| !template.ends_with('}')) else { return };
    let is_list = contract::answer("GET", template, 200).is_none_or(|own| own["type"] == "array");
    if is_list
        || contract::operation("POST", template).is_some()
        || contract::linked("PUT", template).is_some()
    {
        return;
    }
    let views = VIEWS.iter().filter(|(_, own)| *own == template).map(|(view, _)| *view);
    let shares_path = template == exchange.template;
    let own = if shares_path { exchange.path.as_str() } else { template };
    let seen = views.chain([own]).filter_map(|path| world.known.settings(path, exchange.at));
    let Some((_, seen)) = seen.max_by_key(|(at, _)| *at) else { return };
    let path = world.translate_path(own);
    let Value::Object(seen) = world.translate(&seen.clone().into()) else { return };
    if method == "PUT" {
        world.manage(method, &path, &seen.into()).await;
        return;
    }
    for (name, value) in seen {
        world.manage(method, &path, &json!({ name: value })).await;
    }
}

/// Lists that had something in them get some of what they had: one, or in a second try the oldest.
pub(crate) async fn complete(
    world: &mut World<'_>,
    exchange: &Exchange,
    reply: Reply,
    is_second: bool,
) -> Reply {
    let (Some(recorded), Some(own)) = (exchange.response_body.as_array(), reply.body.as_array())
    else {
        return reply;
    };
    if exchange.method != "GET" || recorded.is_empty() || !(own.is_empty() || is_second) {
        return reply;
    }
    for item in recorded.iter().take(if is_second { 20 } else { 1 }).rev() {
        let names = ["id", "name", "key", "languageTag"];
        let value = names.iter().find_map(|name| item[name].as_str());
        let parameter = Parameter {
            at: exchange.template.split('/').count(),
            collection: exchange.template.clone(),
            name: "id".into(),
            value: value.unwrap_or_default().to_owned(),
        };
        ensure(world, exchange, &parameter).await;
    }
    if is_second {
        tenant::remove_others(world, exchange).await;
    }
    world.replay(exchange).await
}

/// Whether what a value names was there when the exchange was recorded.
fn existed(world: &World<'_>, exchange: &Exchange, value: &str, is_last: bool) -> bool {
    let made_up = ["nope", "does-not-exist", "unknown", "missing", "nobody"];
    if made_up.iter().any(|start| value.starts_with(start)) {
        return false;
    }
    let names_it = exchange.template.ends_with('}');
    let is_made = exchange.method == "PUT" && exchange.status == 201 && names_it;
    let is_gone = (is_made || exchange.status == 404) && is_last;
    match is_gone {
        true => world.own(value).is_some(),
        false => exchange.succeeded() || world.known.is_known(value),
    }
}

/// Sees to it that the mock has what the path names there.
async fn ensure(world: &mut World<'_>, exchange: &Exchange, parameter: &Parameter) {
    let path = world.translate_path(&exchange.path);
    let before: Vec<&str> = path.split('/').take(parameter.at).collect();
    let collection = before.join("/");
    if let Some(field) = contract::linked("POST", &parameter.collection) {
        let entities = COLLECTIONS.iter().find(|(name, _)| *name == field);
        let Some((_, entities)) = entities else { return };
        let own = entity(world, entities, &parameter.value).await;
        world.manage("POST", &collection, &json!({ field: [own] })).await;
        if let Some(known) = world.entity(&parameter.value) {
            let path = format!("{collection}/{own}");
            tenant::belongings(world, &parameter.collection, &path, &known).await;
        }
        return;
    }
    if let Some(owners) = contract::mirrored(&parameter.collection) {
        return tenant::belong(world, owners, &path, &parameter.value).await;
    }
    let own = world.own(&parameter.value).unwrap_or(&parameter.value).to_owned();
    let read = contract::item(&parameter.collection);
    if read.is_some_and(|item| contract::operation("GET", item).is_some()) {
        let found = world.manage("GET", &format!("{collection}/{own}"), &Value::Null).await;
        if found.status < 300 {
            return;
        }
    } else if world.own(&parameter.value).is_some() {
        return;
    }
    create(world, &parameter.collection, &collection, &parameter.name, &parameter.value).await;
}

/// Adds what a body can add and the answer to a reading shows.
async fn ensure_shown(world: &mut World<'_>, exchange: &Exchange) {
    let Some(schema) = contract::body("POST", &exchange.template) else { return };
    for (name, shown) in exchange.response_body.as_object().into_iter().flatten() {
        if contract::member(Some(schema), name).is_none() {
            continue;
        }
        let collection = COLLECTIONS.iter().find(|(field, _)| field == name);
        let mut own = Vec::new();
        for id in ids(shown) {
            own.push(match collection {
                Some((_, template)) => entity(world, template, id).await,
                None => id.to_owned(),
            });
        }
        let path = world.translate_path(&exchange.path);
        world.manage("POST", &path, &json!({ name: own })).await;
    }
}

/// The ids of the innermost entities of a list.
fn ids(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items
        .flat_map(|item| match item["scopes"].is_array() {
            true => ids(&item["scopes"]),
            false => item.as_str().or(item["id"].as_str()).into_iter().collect(),
        })
        .collect()
}

/// Adds an item where the path names the list of a body that it is in before it.
async fn ensure_of_kind(
    world: &mut World<'_>,
    exchange: &Exchange,
    kind: &Parameter,
    item: &Parameter,
) {
    let Some(schema) = contract::body("POST", &kind.collection) else { return };
    let list = camel(&kind.value);
    if kind.at + 1 != item.at || contract::member(Some(schema), &list).is_none() {
        return;
    }
    if let Some((_, entities)) = COLLECTIONS.iter().find(|(name, _)| *name == list) {
        entity(world, entities, &item.value).await;
    }
    let path = world.translate_path(&exchange.path);
    let path = path.split('/').take(kind.at).collect::<Vec<_>>().join("/");
    let own = world.own(&item.value).unwrap_or(&item.value).to_owned();
    world.manage("POST", &path, &json!({ list: [own] })).await;
}

/// `user-scopes` as `userScopes`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        all + &initial.to_uppercase() + rest
    })
}

/// The id of the entity that a recorded one stands for; makes it where it does not exist.
pub(crate) async fn entity(world: &mut World<'_>, template: &str, recorded: &str) -> String {
    let path = match template {
        SCOPES => {
            let known = world.entity(recorded);
            let of = known.as_ref().and_then(|scope| scope.get("resourceId")?.as_str());
            let of = of.unwrap_or("resource");
            let resource = Box::pin(entity(world, "/api/resources", of)).await;
            format!("/api/resources/{resource}/scopes")
        }
        plain => plain.to_owned(),
    };
    let own = world.own(recorded).unwrap_or(recorded).to_owned();
    if own != recorded || template == "/api/resources" {
        let found = world.manage("GET", &format!("{path}/{own}"), &Value::Null).await;
        // What cannot be read one by one is believed to be there.
        if found.status < 300 || template == SCOPES {
            return own;
        }
    }
    create(world, template, &path, "id", recorded).await;
    world.own(recorded).unwrap_or(recorded).to_owned()
}

/// Creates what is known of an entity, with values of its own where that is taken.
async fn create(world: &mut World<'_>, template: &str, path: &str, name: &str, recorded: &str) {
    let mut known = world.entity(recorded).unwrap_or_default();
    let (template, path) = tenant::home(&known, template, path);
    tenant::complete(&mut known);
    for (name, value) in world.hints.clone() {
        known.entry(name).or_insert(value);
    }
    for (name, value) in &known {
        let collection = COLLECTIONS.iter().find(|(field, _)| field == name);
        let ids = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for id in ids.iter().filter_map(Value::as_str) {
            if let Some((_, template)) = collection {
                Box::pin(entity(world, template, id)).await;
            }
        }
    }
    if name != "id" {
        known.entry(name).or_insert_with(|| recorded.into());
    }
    let Some(schema) = contract::body("POST", template) else {
        return replace(world, template, path, name, recorded).await;
    };
    let Value::Object(translated) = world.translate(&known.clone().into()) else { return };
    let number = world.number();
    let mut body = contract::fill(schema, &translated, number);
    if template == "/api/connectors" {
        server::make_room(world, &mut body).await;
    }
    let mut reply = world.manage("POST", path, &body).await;
    if reply.status == 422 || reply.status == 400 {
        let plain = Map::from_iter(translated.into_iter().filter(|(name, _)| name == "type"));
        reply = world.manage("POST", path, &contract::fill(schema, &plain, number)).await;
    }
    if reply.status >= 400 {
        return replace(world, template, path, name, recorded).await;
    }
    // What is created without being shown is the newest of its list, at either end of it.
    let listed = match reply.body["id"].is_string() {
        true => reply.body,
        false => {
            let list = world.manage("GET", path, &Value::Null).await.body;
            let same = |item: &&Value| item["type"] == reply.body["type"];
            list.as_array().and_then(|all| all.iter().rfind(same)).cloned().unwrap_or_default()
        }
    };
    if let Some(own) = listed["id"].as_str() {
        world.equate(recorded, own);
        let path = format!("{path}/{own}");
        tenant::change(world, template, &path, &known).await;
        Box::pin(tenant::belongings(world, template, &path, &known)).await;
        let is_kept = |secret: &&str| !secret.starts_with(['#', '<']);
        if let Some(secret) = known.get("secret").and_then(Value::as_str).filter(is_kept) {
            world.mock.set_legacy_secret(own, secret);
        }
    }
}

/// Puts there what cannot be posted: by its own path, or in a list of one.
async fn replace(world: &mut World<'_>, template: &str, path: &str, name: &str, recorded: &str) {
    let known = world.entity(recorded).or_else(|| world.settings(&format!("{path}/{recorded}")));
    let Value::Object(known) = world.translate(&known.unwrap_or_default().into()) else { return };
    let number = world.number();
    if let Some(schema) = contract::body("PUT", &format!("{template}/{{{name}}}")) {
        let body = contract::fill(schema, &known, number);
        world.manage("PUT", &format!("{path}/{recorded}"), &body).await;
    } else if let Some((list, schema)) = contract::list_of_body("PUT", template) {
        let body = json!({ list: [contract::fill(schema, &known, number)] });
        let reply = world.manage("PUT", path, &body).await;
        if let Some(own) = reply.body[0]["id"].as_str() {
            world.equate(recorded, own);
        }
    }
}

/// Makes the entities that a body names by their ids.
async fn named_in(world: &mut World<'_>, exchange: &Exchange, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                Box::pin(named_in(world, exchange, name, value)).await;
            }
        }
        Value::Array(items) => {
            for item in items {
                Box::pin(named_in(world, exchange, name, item)).await;
            }
        }
        Value::String(id) => {
            let collection = COLLECTIONS.iter().find(|(field, _)| *field == name);
            if let Some((_, template)) = collection
                && existed(world, exchange, id, false)
            {
                entity(world, template, id).await;
            }
        }
        _ => {}
    }
}

/// Whether the exchange was refused since something of its kind was there.
fn was_taken(exchange: &Exchange) -> bool {
    let words = ["in_use", "exists", "unique", "duplicate", "conflict", "already", "limit_to"];
    let code = exchange.code().unwrap_or_default();
    exchange.status >= 400
        && exchange.status != 404
        && words.iter().any(|word| code.contains(word))
        && !code.contains("not_exist")
}

async fn take(world: &mut World<'_>, exchange: &Exchange) {
    if exchange.method == "POST" {
        world.replay(exchange).await;
        return;
    }
    let parameters = exchange.parameters();
    let Some(parent) = parameters.first().map(|parameter| &parameter.collection) else { return };
    if let (Some(schema), Some(asked)) =
        (contract::body("POST", parent), exchange.request_body.as_object())
    {
        let number = world.number();
        let body = contract::fill(schema, asked, number);
        world.manage("POST", parent, &body).await;
    }
}
