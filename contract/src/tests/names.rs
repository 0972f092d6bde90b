//! Names, methods, and what is kept of them from run to run.

use serde_json::{Value, json};

use super::{Knowledge, Vendored, again, answering, document, object, run, run_with, taking, text};
use crate::{Methods, Names, Overlay};

fn schemas(vendored: &Vendored) -> Vec<String> {
    let schemas = vendored.contract["components"]["schemas"].as_object();
    schemas.unwrap().keys().cloned().collect()
}

fn named(text: &str) -> Knowledge {
    let names: Names = toml::from_str(text).unwrap();
    Knowledge { names, ..Knowledge::default() }
}

fn with_methods(text: &str) -> Knowledge {
    let methods: Methods = toml::from_str(text).unwrap();
    Knowledge { methods, ..Knowledge::default() }
}

/// Two operations that answer with these schemas.
fn two(first: Value, second: Value) -> Value {
    let get = |id: &str, schema: Value| {
        json!({ "get": { "operationId": id, "responses": {
            "200": { "content": { "application/json": { "schema": schema } } }
        } } })
    };
    document(json!({ "/api/one": get("GetOne", first), "/api/two": get("GetTwo", second) }))
}

#[test]
fn a_repeated_schema_has_one_name() {
    let both = run(two(object(&["a", "b"]), object(&["b", "a"])));
    assert_eq!(schemas(&both), ["One"]);
}

/// Two operations that take the same.
fn taking_the_same(first: &str, second: &str) -> Value {
    let post = |id: &str| {
        json!({ "post": { "operationId": id, "responses": { "204": {} }, "requestBody": {
            "content": { "application/json": { "schema": object(&["name"]) } }
        } } })
    };
    document(json!({ "/api/one": post(first), "/api/two": post(second) }))
}

#[test]
fn what_operations_take_is_their_own() {
    let taking = |first, second| schemas(&run(taking_the_same(first, second)));
    assert_eq!(taking("CreateSecret", "CreateToken"), ["CreateSecret", "CreateToken"]);
    assert_eq!(taking("UpdatePassword", "VerifyPassword"), ["UpdatePassword", "VerifyPassword"]);
    assert_eq!(taking("AddUsers", "ReplaceUsers"), ["AddUsers"]);
    let mut answered = taking_the_same("CreateSecret", "CreateToken");
    let content = answered["paths"]["/api/one"]["post"]["requestBody"].clone();
    answered["paths"]["/api/one"]["post"]["responses"]["200"] = content;
    assert_eq!(schemas(&run(answered)), ["CreateToken", "Secret"]);
}

#[test]
fn a_name_has_its_places_for_itself() {
    let mut user = object(&["id"]);
    user["properties"]["role"] = object(&["id", "name"]);
    let document = two(user, json!({ "type": "array", "items": object(&["id", "name"]) }));
    let name = |only: &str| {
        let file = format!("[Mine]\nhash = \"0\"\nplace = \"GetTwo 200[]\"\nonly = {only}\n");
        run_with(document.clone(), named(&file))
    };
    for only in [r#"["GetTwo 200[]"]"#, r#"["GetTwo 200"]"#, r#"[".role"]"#, r#"[".no"]"#] {
        let vendored = name(only);
        let apart = only.contains("[]") || only.contains("role");
        assert_eq!(schemas(&vendored).len(), if apart { 3 } else { 2 }, "{only}");
        assert_eq!(vendored.notes.is_empty(), only != r#"[".no"]"#, "{:?}", vendored.notes);
        assert!(!text(&vendored).contains("x-logto-apart"));
        let once_more = again(document.clone(), vendored);
        assert!(once_more.names.print().unwrap().contains(&format!("only = {only}")));
    }
    let all = name(r#"["GetTwo 200[]", ".role"]"#);
    assert_eq!(schemas(&all), ["Mine", "One"]);
}

#[test]
fn of_places_that_differ_a_name_is_for_what_most_hold() {
    let small = || object(&["id"]);
    let mut three = two(small(), small());
    three["paths"]["/api/three"] = three["paths"]["/api/two"].clone();
    three["paths"]["/api/three"]["get"]["operationId"] = "GetThree".into();
    let file = "[Mine]\nhash = \"0\"\nplace = \"GetOne 200\"\nonly = [\"GetOne 200\", \"GetTwo 200\", \"GetThree 200\"]\n";
    let at = "/paths/~1api~1two/get/responses/200/content/application~1json/schema/$ref";
    let mine = |document: Value| {
        let contract = run_with(document, named(file)).contract;
        contract.pointer(at).unwrap() == "#/components/schemas/Mine"
    };
    assert!(mine(three.clone()));
    let answer = "/paths/~1api~1one/get/responses/200/content/application~1json/schema";
    *three.pointer_mut(answer).unwrap() = object(&["id", "new"]);
    assert!(mine(three));
}

#[test]
fn a_narrower_answer_is_read_as_the_wider() {
    let narrow = object(&["a", "b", "c"]);
    let mut wide = narrow.clone();
    wide["properties"]["d"] = json!({ "type": "string" });
    assert_eq!(schemas(&run(two(narrow.clone(), wide.clone()))).len(), 1);
    let far = object(&["a", "b", "c", "d", "e", "f"]);
    assert_eq!(schemas(&run(two(narrow, far))).len(), 2);
}

#[test]
fn an_answer_that_holds_a_narrower_one_stays_finite() {
    let narrow = object(&["a", "b", "c"]);
    let mut wide = narrow.clone();
    wide["properties"]["parent"] = narrow;
    assert_eq!(schemas(&run(answering(wide))).len(), 2);
}

#[test]
fn answers_that_hold_narrower_ones_of_each_other_stay_finite() {
    let (one, two_) = (object(&["a", "b", "c"]), object(&["x", "y", "z"]));
    let (mut first, mut second) = (one.clone(), two_.clone());
    first["properties"]["other"] = two_;
    second["properties"]["other"] = one;
    run(two(first, second));
}

#[test]
fn names_are_kept_by_content() {
    let first = run(answering(object(&["a"])));
    let file = first.names.print().unwrap().replace("[Thing]", "[Renamed]");
    let moved = two(object(&["b"]), object(&["a"]));
    assert!(schemas(&run_with(moved, named(&file))).contains(&"Renamed".to_owned()));
}

#[test]
fn names_are_kept_by_place() {
    let file = "[Renamed]\nhash = \"0\"\nplace = \"GetThing 200\"\n";
    let kept = run_with(answering(object(&["a"])), named(file));
    assert_eq!(schemas(&kept), ["Renamed"]);
    assert!(kept.notes.is_empty());
}

#[test]
fn stale_proposals_are_dropped_with_a_note() {
    let file = "[Gone]\nhash = \"0\"\nplace = \"GetGone 200\"\nproposed = \"Gone\"\n";
    let vendored = run_with(answering(object(&["a"])), named(file));
    assert_eq!(schemas(&vendored), ["Thing"]);
    assert!(!vendored.names.print().unwrap().contains("Gone"));
    assert!(vendored.notes.iter().any(|note| note.contains("Gone")));
}

#[test]
fn settled_names_of_what_is_not_there_are_kept_with_a_note() {
    let file = "[Gone]\nhash = \"0\"\nplace = \"GetGone 200\"\n";
    let vendored = run_with(answering(object(&["a"])), named(file));
    assert_eq!(schemas(&vendored), ["Thing"]);
    assert!(vendored.names.print().unwrap().contains(file));
    assert!(vendored.notes.iter().any(|note| note.contains("Gone")));
}

#[test]
fn a_proposed_name_gives_way_unless_a_person_changes_it() {
    let first = run(answering(object(&["a"])));
    let proposed = first.names.print().unwrap();
    assert!(proposed.contains("[Thing]") && proposed.contains("proposed = \"Thing\""));
    let settled = "[Thing]\nhash = \"0\"\nplace = \"GetOther 200\"\n";
    let both = format!("{settled}{}", proposed.replace("[Thing]", "[Changed]"));
    let second = run_with(answering(object(&["a"])), named(&both));
    assert_eq!(schemas(&second), ["Changed"]);
    assert!(!second.names.print().unwrap().contains("proposed ="));
    let other = run_with(answering(object(&["a"])), named(settled));
    assert_ne!(schemas(&other), ["Thing"]);
}

#[test]
fn alternatives_that_nothing_names_are_numbered() {
    let pair = |own: [&str; 2]| object(&own);
    let triangle = json!({ "oneOf": [pair(["a", "b"]), pair(["b", "c"]), pair(["c", "a"])] });
    let vendored = run(answering(triangle));
    assert_eq!(
        schemas(&vendored),
        ["GetThing200Object", "GetThing200Object2", "Thing", "ThingObject"]
    );
}

/// What is proposed for operations of this tag with these ids, each as `group.method`.
fn proposed(tag: &str, ids: &[&str], file: &str) -> Vec<String> {
    let operation = |id: &str| {
        let get = json!({ "operationId": id, "tags": [tag], "responses": { "204": {} } });
        (format!("/api/{id}"), json!({ "get": get }))
    };
    let paths: serde_json::Map<_, _> = ids.iter().map(|id| operation(id)).collect();
    let vendored = run_with(document(Value::Object(paths)), with_methods(file));
    let proposals = vendored.proposals.iter();
    proposals.map(|new| format!("{} {}.{}", new.operation, new.group, new.method)).collect()
}

#[test]
fn methods_are_proposed_from_tag_and_id() {
    let found = proposed("Big things", &["GetBigThing", "ListBigThingParts", "Sweep"], "");
    let expected = [
        "GetBigThing big_things.get",
        "ListBigThingParts big_things.list_parts",
        "Sweep big_things.sweep",
    ];
    assert_eq!(found, expected);
}

#[test]
fn proposals_follow_what_is_on_file() {
    let file = "[GetThing]\ngroup = \"stuff\"\nmethod = \"get\"\n";
    let found = proposed("Things", &["GetThing", "GetStuff", "ListThings"], file);
    // `get` is taken, so the new one keeps its whole name.
    assert_eq!(found, ["GetStuff stuff.get_stuff", "ListThings stuff.list_things"]);
    // A method named like its group would be a type named like the group's.
    assert_eq!(proposed("Sweep", &["Sweep"], ""), ["Sweep sweep.sweep_2"]);
}

#[test]
fn what_is_on_file_is_not_proposed_again() {
    let first = run(answering(object(&["a"])));
    assert_eq!(first.proposals.len(), 1);
    assert_eq!(again(answering(object(&["a"])), first).proposals, []);
}

#[test]
fn arguments_are_the_required_members_in_the_documents_order() {
    let contract = run(taking("application/json", object(&["z", "a"]))).contract;
    let operation = &contract["paths"]["/api/things"]["post"];
    assert_eq!(operation["x-logto-arguments"], json!(["z", "a"]));
}

#[test]
fn methods_on_file_are_kept() {
    let file = "[CreateThing]\ngroup = \"g\"\nmethod = \"m\"\narguments = [\"b\", \"gone\", \"a\"]\n\
                [Gone]\ngroup = \"g\"\nmethod = \"gone\"\n";
    let document = taking("application/json", object(&["a", "b", "c"]));
    let vendored = run_with(document, with_methods(file));
    let operation = &vendored.contract["paths"]["/api/things"]["post"];
    assert_eq!(operation["x-logto-method"], "m");
    assert_eq!(operation["tags"], json!(["g"]));
    assert_eq!(operation["x-logto-arguments"], json!(["b", "a", "c"]));
    let printed = vendored.methods.print().unwrap();
    assert!(printed.contains("Gone") && printed.contains("arguments = [\"b\", \"gone\", \"a\"]"));
    assert!(vendored.notes.iter().any(|note| note.contains("Gone")));
}

#[test]
fn corrections_apply_once() {
    let corrections =
        "overlay: 1.0.0\nactions:\n  - target: $.paths.*.get\n    update: { deprecated: true }\n";
    let knowledge =
        Knowledge { corrections: Overlay::parse(corrections).unwrap(), ..Knowledge::default() };
    let first = run_with(answering(object(&["a"])), knowledge);
    assert_eq!(first.contract["paths"]["/api/thing"]["get"]["deprecated"], true);
    let stale = "overlay: 1.0.0\nactions:\n  - target: $.nothing\n    remove: true\n";
    let knowledge = Knowledge {
        corrections: Overlay::parse(stale).unwrap(),
        names: toml::from_str(&first.names.print().unwrap()).unwrap(),
        methods: toml::from_str(&first.methods.print().unwrap()).unwrap(),
        ..Knowledge::default()
    };
    let contract = first.contract.clone();
    assert_eq!(run_with(contract, knowledge).contract, first.contract);
    again(answering(object(&["a"])), first);
}
