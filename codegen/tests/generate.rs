//! The generator over a small contract: what is selected, and what is refused.
//!
//! That generated code works is shown by the crate that it is generated for.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use logto_api_codegen::{Contract, Docs, Generated, generate, public_items, public_key};

const SMALL: &str = include_str!("small.json");

fn generated(contract: &str, enabled: &[&str]) -> Result<Generated, String> {
    let contract = Contract::parse(contract).map_err(|error| error.to_string())?;
    generate(&contract, &Docs::default(), |group| enabled.contains(&group))
        .map_err(|error| error.to_string())
}

fn refused(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "the small contract has no {from}");
    generated(&SMALL.replace(from, to), &["users", "files"]).unwrap_err()
}

#[test]
fn every_file_is_rust_in_canonical_form() {
    let code = generated(SMALL, &["users", "files"]).unwrap();
    for file in [&code.raw, &code.groups.index, &code.models.index, &code.calls] {
        let parsed = syn::parse_file(file).unwrap();
        assert_eq!(&prettyplease::unparse(&parsed), file);
    }
    // These have calls of macros, which are laid out by hand.
    for page in code.groups.pages.values().chain(code.models.pages.values()) {
        assert!(syn::parse_file(page).is_ok() && !page.contains("laid_out"), "{page}");
    }
}

#[test]
fn a_group_that_is_not_enabled_leaves_nothing_behind() {
    let code = generated(SMALL, &["files"]).unwrap();
    assert!(code.raw.contains("upload_file"));
    for file in [&code.raw, &code.models.whole(), &code.groups.whole(), &code.calls] {
        assert!(!file.to_lowercase().contains("user"), "{file}");
    }
}

#[test]
fn each_group_and_its_models_have_a_file() {
    let code = generated(SMALL, &["users", "files"]).unwrap();
    let groups: Vec<_> = code.groups.pages.keys().collect();
    assert_eq!(groups, ["groups/files.rs", "groups/users.rs"]);
    for path in code.groups.pages.keys().chain(code.models.pages.keys()) {
        let include = format!("include!(concat!(env!(\"OUT_DIR\"), \"/{path}\"));");
        let whole = code.groups.index.clone() + &code.models.index;
        assert_eq!(whole.matches(&include).count(), 1, "{include} in {whole}");
    }
    assert!(code.models.pages["models/users.rs"].contains("pub struct User "));
    // A model of two groups is in neither's file.
    let one = r##"{"$ref": "#/components/schemas/User"}"##;
    let response = r#""content": {"application/json": {"schema": {}}}"#;
    let shared = SMALL.replace(response, &response.replace("{}", one));
    let pages = generated(&shared, &["users", "files"]).unwrap().models.pages;
    assert!(pages["models/shared_u.rs"].contains("pub struct User "), "{pages:#?}");
}

#[test]
fn what_is_documented_has_docs_and_nothing_else_has() {
    let models = |docs: &str| {
        let contract = Contract::parse(SMALL).unwrap();
        let docs = Docs::parse(docs).unwrap();
        generate(&contract, &docs, |group| group == "users").unwrap().models.whole()
    };
    let without = models("{}");
    let kinds = "    pub enum Kind {\n        FirstOne = \"first-one\",";
    assert!(without.contains(kinds), "{without}");
    assert!(without.contains("        Totp(TotpFactor) = ["), "{without}");
    // Its variant's name does not say which values these are.
    assert!(without.contains("/// `type` is `\"A\"` or `\"B\"`.\n"), "{without}");
    let with = models(r#"{"schemas": {"Kind": {"values": {"first-one": "The best."}}}}"#);
    assert!(with.contains("        /// The best.\n        FirstOne"), "{with}");
}

#[test]
fn lists_in_pages_are_streams_and_texts_are_downloads() {
    let groups = generated(SMALL, &["users", "files"]).unwrap().groups.whole();
    assert!(groups.contains("streams!(List => "), "{groups}");
    assert_eq!(groups.matches("streams!").count(), 1);
    let downloads: Vec<_> = groups.match_indices("pub async fn download(").collect();
    let metadata = groups.find("impl GetMetadata").unwrap();
    assert!(downloads.len() == 1 && downloads[0].0 > metadata, "{groups}");
}

#[test]
fn null_is_nothing_where_it_may_be() {
    let user = r##""schema": {"$ref": "#/components/schemas/User"}"##;
    let list = r##"{"type": "array", "items": {"$ref": "#/components/schemas/User"}}"##;
    for part in [user, list] {
        assert!(SMALL.contains(part), "the small contract has no {part}");
    }
    let nullable = r##"{"nullable": true, "allOf": [{"$ref": "#/components/schemas/User"}]}"##;
    let items = format!(r#"{{"type": "array", "nullable": true, "items": {nullable}}}"#);
    let contract = SMALL.replace(user, &format!("\"schema\": {nullable}")).replace(list, &items);
    let code = generated(&contract, &["users"]).unwrap();
    let items = public_items(&code).unwrap();
    for line in
        ["users.create(name: impl IntoText) -> Option<User>", "users.list() -> Page<Option<User>>"]
    {
        assert!(items.iter().any(|item| item == line), "{line} is not in {items:#?}");
    }
    // Of a list, nothing is an empty one.
    let whole = generated(&contract.replace(r#", "x-logto-paged": true"#, ""), &["users"]).unwrap();
    let items = public_items(&whole).unwrap();
    assert!(items.contains(&"users.list() -> Vec<Option<User>>".to_owned()), "{items:#?}");
    // No body is nothing as well as null.
    let groups = code.groups.whole();
    assert!(groups.contains("-> Option<crate::models::User> as OptionalJson;"), "{groups}");
}

#[test]
fn the_same_contract_gives_the_same_code() {
    let once = generated(SMALL, &["users", "files"]).unwrap();
    let twice = generated(SMALL, &["users", "files"]).unwrap();
    assert_eq!(once.raw, twice.raw);
    assert_eq!(once.models.whole(), twice.models.whole());
    assert_eq!(once.groups.whole(), twice.groups.whole());
}

#[test]
fn an_operation_says_where_its_method_does_not_tell_whether_it_may_be_retried() {
    let method = r#""x-logto-method": "create""#;
    let groups = |retry: &str| {
        let contract = SMALL.replace(method, &format!("{method}{retry}"));
        generated(&contract, &["users"]).map(|code| code.groups.whole())
    };
    let plain = groups("").unwrap();
    assert!(!plain.contains(".retry(RetryRule") && !plain.contains("etried"), "{plain}");
    assert_eq!(groups(r#", "x-logto-retry": "by-method""#).unwrap(), plain);
    let never = groups(r#", "x-logto-retry": "never""#).unwrap();
    assert_eq!(never.matches(".retry(RetryRule::Never)").count(), 1, "{never}");
    assert_eq!(never.matches(" Never retried automatically.").count(), 1, "{never}");
    let always = groups(r#", "x-logto-retry": "always""#).unwrap();
    assert_eq!(always.matches(".retry(RetryRule::Always)").count(), 1, "{always}");
    assert_eq!(always.matches(" Retried automatically, whatever its method.").count(), 1);
    let refused = groups(r#", "x-logto-retry": "once""#).unwrap_err();
    for part in ["CreateUser", "x-logto-retry", "once", "never"] {
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn a_contract_that_cannot_be_generated_is_refused_by_name() {
    let body = refused(
        r##""application/json": {"schema": {"$ref": "#/components/schemas/CreateUser"}}"##,
        r#""text/csv": {"schema": {}}"#,
    );
    assert!(body.contains("CreateUser") && body.contains("text/csv"), "{body}");
    let names = refused(r#""x-logto-method": "create""#, r#""x-logto-method": "list""#);
    assert!(names.contains("same group and method"), "{names}");
    let arguments = refused(r#""x-logto-arguments": ["name"]"#, r#""x-logto-arguments": []"#);
    assert!(arguments.contains("CreateUser") && arguments.contains("name"), "{arguments}");
    let ty = refused(
        r#""type": "string", "nullable": true}, "expires_in""#,
        r#""type": "date"}, "expires_in""#,
    );
    assert!(ty.contains("CreateUser") && ty.contains("nickname"), "{ty}");
    let mapping = refused(
        r##""B": "#/components/schemas/OtherFactor""##,
        r##""B": "#/components/schemas/Gone""##,
    );
    assert!(mapping.contains("Factor") && mapping.contains("Gone"), "{mapping}");
    assert!(generated("{", &[]).unwrap_err().contains("contract"));
}

fn public(contract: &str) -> Vec<String> {
    let code = generated(contract, &["users", "files"]).unwrap();
    public_items(&code).unwrap()
}

#[test]
fn public_items_are_what_users_can_write() {
    let items = public(SMALL);
    for line in [
        "users()",
        "users.create(name: impl IntoText) -> User",
        "users.create.nickname(NullableText)",
        "users.create.custom_data(Object)",
        "users.list() -> Page<User>",
        "users.list.stream() -> ItemStream<User>",
        "users.replace_factor(user_id: impl IntoText, kind: impl IntoValue<Kind>, body: impl IntoValue<Factor>) -> ()",
        "files.get_metadata.download() -> Download",
        "User struct",
        "User.name: Option<String>",
        "CreateUser.nickname: Option<Option<String>>",
        "CreateUser::new(name: impl IntoText)",
        "Kind enum",
        "Kind::FirstOne",
        "Factor::Totp(TotpFactor)",
    ] {
        assert!(items.iter().any(|item| item == line), "{line} is not in {items:#?}");
    }
    assert!(items.is_sorted());
    let keys: BTreeSet<&str> = items.iter().map(|item| public_key(item)).collect();
    assert_eq!(keys.len(), items.len());
    for key in ["users", "users.create", "User", "User.name", "CreateUser::new", "Factor::Totp"] {
        assert!(keys.contains(key), "{key}");
    }
}

#[test]
fn public_items_tell_what_a_change_does_to_users() {
    let differs = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "the small contract has no {from}");
        let (old, new) = (public(SMALL), public(&SMALL.replace(from, to)));
        let lines = |one: &[String], other: &[String]| {
            one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>()
        };
        (lines(&old, &new), lines(&new, &old))
    };
    let none: Vec<String> = Vec::new();
    let deprecated = differs(
        r#""operationId": "CreateUser","#,
        r#""operationId": "CreateUser", "deprecated": true,"#,
    );
    assert_eq!(deprecated, (none.clone(), vec!["deprecated users.create".to_owned()]));
    let variant = differs(r#"["first-one", "type"]"#, r#"["first-one", "second", "type"]"#);
    assert_eq!(variant, (none, vec!["Kind::Second".to_owned()]));
    let (gone, new) = differs(r#""required": ["id", "createdAt"]"#, r#""required": ["createdAt"]"#);
    assert_eq!(
        (&gone[..], &new[..]),
        (&["User.id: String".to_owned()][..], &["User.id: Option<String>".to_owned()][..])
    );
}

#[test]
fn a_member_named_like_a_parameter_is_the_new_one() {
    let contract = SMALL.replace(
        r#""operationId": "CreateUser","#,
        r#""operationId": "CreateUser", "parameters": [{"name": "password", "in": "query", "schema": {"type": "string"}}],"#,
    );
    let items = public(&contract);
    for line in ["users.create.password(Text)", "users.create.new_password(Text)"] {
        assert!(items.iter().any(|item| item == line), "{line} is not in {items:#?}");
    }
}

#[test]
fn headers_come_after_the_body_and_are_left_to_the_runtime() {
    let with = |extra: &str| {
        let header = format!(
            r#""operationId": "CreateUser", "parameters": [{{"name": "logto-verification-id", "in": "header"{extra}, "schema": {{"type": "string", "format": "verification-record"}}, "x-logto-secret": true}}],"#
        );
        SMALL.replace(r#""operationId": "CreateUser","#, &header)
    };
    for (extra, line, sent) in [
        (
            r#", "required": true"#,
            "users.create(name: impl IntoText, verification_record: impl IntoValue<VerificationRecordId>) -> User",
            "parameter(\"logto-verification-id\", request.verification_record.as_str())",
        ),
        (
            r#", "x-logto-explicit": true"#,
            "users.create(name: impl IntoText, verification_record: impl IntoOption<VerificationRecordId>) -> User",
            "parameter(\"logto-verification-id\", value.as_str())",
        ),
        (
            "",
            "users.create.verification_record(Value(VerificationRecordId))",
            "parameter(\"logto-verification-id\", value.as_str())",
        ),
    ] {
        let contract = with(extra);
        let items = public(&contract);
        assert!(items.iter().any(|item| item == line), "{line} is not in {items:#?}");
        let code = generated(&contract, &["users"]).unwrap();
        let groups = code.groups.whole();
        assert!(groups.contains(sent), "{groups}");
        assert!(!code.raw.contains("verification") && !code.raw.contains("header_map"));
        let up_front = !extra.is_empty();
        assert_eq!(groups.contains("/// `verification_record` proves"), up_front);
        assert_eq!(code.calls.contains(".maybe_verification_record("), !up_front);
        let how = if extra.contains("required") { "hides" } else { "maybe" };
        let debug = format!("Create {{ call, body }} {how} {{ verification_record }}");
        assert!(groups.contains(&debug), "{groups}");
    }
    let text = r#""type": "string", "format": "verification-record""#;
    let number = with("").replace(text, r#""type": "integer""#);
    let refused = generated(&number, &["users"]).unwrap_err();
    assert!(refused.contains("CreateUser") && refused.contains("logto-verification-id"));
}
