//! What corrections do, and whether they are still to the point.

use serde_json::{Value, json};

use super::{Knowledge, answering, asking, correcting, document, object, run_with};
use crate::{Effect, Standing};

fn effects(document: Value, actions: &str) -> Vec<Effect> {
    run_with(document, correcting(actions)).corrections
}

/// The standing of the only correction.
fn standing(document: Value, action: &str) -> Standing {
    effects(document, action)[0].standing()
}

const SCHEMA: &str = "$.paths.*.get.responses['200'].content['application/json'].schema";

#[test]
fn a_correction_says_where_it_was_needed_and_why() {
    let actions =
        "  - target: $.paths.*.*\n    description: They are old.\n    update: { deprecated: true }";
    let get = |id: &str, deprecated: bool| {
        json!({ "get": {
        "operationId": id, "deprecated": deprecated, "responses": { "204": {} }
    } })
    };
    let paths = json!({ "/api/a": get("GetA", true), "/api/b": get("GetB", false) });
    let [effect] = &effects(document(paths), actions)[..] else { panic!("one correction") };
    assert_eq!(effect.standing(), Standing::Needed);
    assert_eq!(effect.target, "$.paths.*.*");
    assert_eq!(effect.reason.as_deref(), Some("They are old."));
    assert_eq!((effect.places, &effect.changed[..]), (2, &["GetB".to_owned()][..]));
    assert_eq!(effect.unchanged, ["GetA"]);
}

#[test]
fn a_correction_that_upstream_made_is_not_needed() {
    let required = format!("  - target: {SCHEMA}\n    update: {{ required: [a] }}");
    let plain = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    assert_eq!(standing(answering(plain), &required), Standing::Needed);
    // Merging adds `a` once more, which is nothing new.
    assert_eq!(standing(answering(object(&["a"])), &required), Standing::Unneeded);
}

#[test]
fn other_words_for_the_same_are_no_need() {
    let actions = format!(
        "  - target: {SCHEMA}.properties.a\n    update: {{ type: string, enum: [x], description: An x. }}"
    );
    let literal = json!({ "type": "string", "format": "\"x\"" });
    let answer = json!({ "type": "object", "properties": { "a": literal } });
    assert_eq!(standing(answering(answer), &actions), Standing::Unneeded);
}

#[test]
fn a_correction_that_matches_nothing_is_lost() {
    let actions = "  - target: $.paths['/gone'].get\n    remove: true";
    assert_eq!(standing(answering(object(&["a"])), actions), Standing::Lost);
}

#[test]
fn a_removal_is_needed_while_there_is_something_to_remove() {
    let actions = "  - target: $.paths['/api/thing']\n    remove: true";
    assert_eq!(standing(answering(object(&["a"])), actions), Standing::Needed);
    let member = format!("  - target: {SCHEMA}.properties.a\n    remove: true");
    let optional = json!({ "type": "object", "properties": { "a": {}, "b": {} } });
    assert_eq!(standing(answering(optional), &member), Standing::Needed);
}

#[test]
fn operations_that_a_target_names_in_vain_are_told() {
    let actions = "  - target: $.paths.*[?match(@.operationId, 'GetThing|GetOther|ListThings')]
    update: { deprecated: true }";
    let file =
        "[GetThing]\ngroup = \"a\"\nmethod = \"b\"\n[GetOther]\ngroup = \"a\"\nmethod = \"c\"\n";
    let methods = crate::Methods::parse(file).unwrap();
    let knowledge = Knowledge { methods, ..correcting(actions) };
    let vendored = run_with(answering(object(&["a"])), knowledge);
    // `ListThings` was never there.
    assert_eq!(vendored.corrections[0].missing, ["GetOther"]);
}

#[test]
fn a_correction_may_refer_to_a_schema() {
    let mut referring = answering(json!({}));
    referring["components"]["schemas"]["Thing"] = object(&["a"]);
    let actions = "  - target: $.paths.*.get.responses['200'].content['application/json']
    update: { schema: { $ref: '#/components/schemas/Thing' } }";
    let corrected = run_with(referring, correcting(actions)).contract;
    let plain = run_with(answering(object(&["a"])), Knowledge::default()).contract;
    assert_eq!(corrected["paths"], plain["paths"]);
    assert_eq!(corrected["components"]["schemas"], plain["components"]["schemas"]);
}

#[test]
fn an_operation_that_a_correction_adds_is_like_any_other() {
    let actions = "  - target: $.paths
    update:
      /api/things/{id}:
        parameters: [{ name: id, in: path, schema: { type: string } }]
        delete: { responses: { '204': {} } }";
    let vendored = run_with(asking(json!([])), correcting(actions));
    let added = &vendored.contract["paths"]["/api/things/{id}"]["delete"];
    assert_eq!(added["operationId"], "DeleteThing");
    assert_eq!(added["parameters"][0]["name"], "id");
    assert_eq!(vendored.notes, ["DELETE /api/things/{id} has no operationId: DeleteThing"]);
}

#[test]
fn a_contract_is_not_corrected_again() {
    let actions = "  - target: $.paths.*.get\n    update: { deprecated: true }";
    let first = run_with(answering(object(&["a"])), correcting(actions));
    assert_eq!(first.corrections.len(), 1);
    let second = run_with(first.contract, correcting(actions));
    assert_eq!(second.corrections, []);
}
