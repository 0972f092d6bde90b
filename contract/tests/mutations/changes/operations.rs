//! Changes of operations, security and servers.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{Expected, expected};
use crate::sites::{OperationSite, Rng, escape, node, operations};
use Class::{Additive, Breaking};

pub(super) fn operation(document: &Value, rng: &mut Rng) -> OperationSite {
    rng.pick(&operations(document)).clone()
}

pub(super) fn operation_where(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Value) -> bool,
) -> Option<OperationSite> {
    let fitting: Vec<OperationSite> = operations(document)
        .into_iter()
        .filter(|site| fits(document.pointer(&site.at).unwrap()))
        .collect();
    rng.maybe(&fitting).cloned()
}

pub(super) fn operation_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let mut new = document.pointer(&site.at)?.clone();
    new["operationId"] = json!("BrandNew");
    if rng.coin() {
        let path = format!("{}/brand-new", site.path);
        let at = format!("/paths/{}/{}", escape(&path), site.method);
        document["paths"][path] = json!({ site.method: new });
        return expected(Kind::OperationAdded, at, Additive);
    }
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    if item.contains_key("put") {
        return None;
    }
    item.insert("put".into(), new);
    expected(Kind::OperationAdded, format!("/paths/{}/put", escape(&site.path)), Additive)
}

pub(super) fn operation_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    item.remove(site.method);
    if item.is_empty() && rng.coin() {
        document["paths"].as_object_mut()?.remove(&site.path);
    }
    expected(Kind::OperationRemoved, site.at, Breaking)
}

pub(super) fn operation_renamed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    node(document, &site.at).insert("operationId".into(), json!("BrandNew"));
    expected(Kind::OperationRenamed, format!("{}/operationId", site.at), Breaking)
}

pub(super) fn moved(document: &mut Value, site: &OperationSite, path: String) -> Option<Expected> {
    if document["paths"].get(&path).is_some() {
        return None;
    }
    let item = document["paths"].as_object_mut()?.remove(&site.path)?;
    let at = format!("/paths/{}", escape(&path));
    document["paths"][path] = item;
    expected(Kind::PathChanged, at, Breaking)
}

pub(super) fn operation_path(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = format!("/api/moved{}", site.path.strip_prefix("/api")?);
    moved(document, &site, path)
}

pub(super) fn operation_path_case(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = site.path.replacen("/api", "/API", 1);
    moved(document, &site, path)
}

pub(super) fn trailing_slash(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = format!("{}/", site.path);
    moved(document, &site, path)
}

pub(super) fn operation_method(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    let to = if site.method == "post" { "put" } else { "post" };
    if item.contains_key(to) {
        return None;
    }
    let moved = item.remove(site.method)?;
    item.insert(to.into(), moved);
    expected(Kind::MethodChanged, format!("/paths/{}/{to}", escape(&site.path)), Breaking)
}

pub(super) fn operation_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let operation = node(document, &site.at);
    let kind = if operation.remove("deprecated").is_some() {
        Kind::OperationRestored
    } else {
        operation.insert("deprecated".into(), json!(true));
        Kind::OperationDeprecated
    };
    expected(kind, format!("{}/deprecated", site.at), Additive)
}

pub(super) fn security_dropped(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_none())?;
    let nothing = if rng.coin() { json!([]) } else { json!([{}]) };
    node(document, &site.at).insert("security".into(), nothing);
    expected(Kind::SecurityRemoved, format!("{}/security", site.at), Additive)
}

pub(super) fn security_regained(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_some())?;
    node(document, &site.at).remove("security");
    expected(Kind::SecurityAdded, format!("{}/security", site.at), Breaking)
}

pub(super) fn security_override(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_none())?;
    node(document, &site.at).insert("security".into(), json!([{ "OAuth2": ["all", "more"] }]));
    expected(Kind::SecurityChanged, format!("{}/security", site.at), Breaking)
}

pub(super) fn security_of_all(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    operation_where(document, rng, |value| value.get("security").is_none())?;
    document["security"] = json!([{ "OAuth2": ["some"] }]);
    expected(Kind::SecurityChanged, "/security", Breaking)
}

pub(super) fn scheme(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    document["components"]["securitySchemes"]["OAuth2"]["flows"]["clientCredentials"]["tokenUrl"] =
        json!("/elsewhere");
    expected(Kind::SchemeChanged, "/components/securitySchemes/OAuth2", Breaking)
}

pub(super) fn scheme_scope(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    let flow = "/components/securitySchemes/OAuth2/flows/clientCredentials/scopes";
    node(document, flow).insert("more".into(), json!(""));
    expected(Kind::SchemeChanged, "/components/securitySchemes/OAuth2", Breaking)
}

pub(super) fn base_path(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    document["servers"] = json!([{ "url": "https://logto.example.com/below" }]);
    expected(Kind::BasePathChanged, "/servers", Breaking)
}

pub(super) fn base_path_of_one(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    node(document, &site.at).insert("servers".into(), json!([{ "url": "/below" }]));
    expected(Kind::BasePathChanged, format!("{}/servers", site.at), Breaking)
}
