//! `cargo xtask vendor` on small documents: what it writes, says and refuses.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

const CORRECTIONS: &str = "
overlay: 1.0.0
actions:
  - target: $.paths.*[?@.operationId == 'ListThings'].responses['200'].content['application/json']
    description: Answers with all things.
    update:
      schema: { type: array, items: { type: object, required: [id], properties: { id: { type: string } } } }
";

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Something by hand.\n";

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("logto-vendor-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let folder = Self(folder);
        folder.write("corrections.yaml", CORRECTIONS);
        folder.write("CHANGELOG.md", CHANGELOG);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// All files but the upstream document, with their content.
    fn files(&self) -> Vec<(String, String)> {
        let releases = self.0.join("releases");
        let folders = [self.0.clone()].into_iter().chain(releases.is_dir().then_some(releases));
        let paths = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
        let paths = paths.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let names = paths.map(|path| path.strip_prefix(&self.0).unwrap().display().to_string());
        let names = names.filter(|name| name != "upstream.json");
        let mut files: Vec<_> = names.map(|name| (name.clone(), self.read(&name))).collect();
        files.sort();
        files
    }

    fn vendor(&self, document: &Value, version: &str, more: &[&str]) -> Output {
        let upstream = self.0.join("upstream.json");
        fs::write(&upstream, document.to_string()).unwrap();
        run(&self.0, &["--upstream", upstream.to_str().unwrap(), "--logto-version", version], more)
    }

    /// What it says, names settled; it must succeed.
    fn vendored(&self, document: &Value, version: &str) -> String {
        self.taken(document, version, &["--settle", "--date", "2026-01-02"])
    }

    fn taken(&self, document: &Value, version: &str, more: &[&str]) -> String {
        let output = self.vendor(document, version, more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Why it fails; it must, and write nothing.
    fn refused(&self, document: &Value) -> String {
        let before = self.files();
        let output = self.vendor(document, "1.0.0", &[]);
        assert!(!output.status.success());
        assert_eq!(self.files(), before);
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Path, one: &[&str], more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("vendor").args(one).args(more).arg("--folder").arg(folder);
    command.output().unwrap()
}

/// Things that can be listed and made.
fn upstream() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": { "title": "Things", "version": "Cloud" },
        "paths": { "/api/things": {
            "get": {
                "operationId": "ListThings", "tags": ["Things"],
                "responses": { "200": { "content": { "application/json": {} } } }
            },
            "post": {
                "operationId": "CreateThing", "tags": ["Things"],
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object", "required": ["name"],
                    "properties": { "name": { "type": "string" }, "size": { "type": "number" } }
                } } } },
                "responses": { "204": {} }
            }
        } }
    })
}

/// … and got, and of a size that is text.
fn next() -> Value {
    let mut next = upstream();
    let id = json!({ "name": "id", "in": "path", "schema": { "type": "string" } });
    let deep = json!({ "name": "deep", "in": "query", "schema": { "type": "string" } });
    next["paths"]["/api/things/{id}"] = json!({ "get": {
        "operationId": "GetThing", "tags": ["Things"], "parameters": [id, deep],
        "responses": { "200": { "content": { "application/json": { "schema": {
            "type": "object", "required": ["weight"], "properties": { "weight": { "type": "number" } }
        } } } } }
    } });
    next
}

fn renamed_member(mut document: Value) -> Value {
    let pointer =
        "/paths/~1api~1things/post/requestBody/content/application~1json/schema/properties";
    let properties = document.pointer_mut(pointer).unwrap();
    let size = properties.as_object_mut().unwrap().remove("size").unwrap();
    properties["width"] = size;
    document
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn the_same_input_again_changes_no_byte() {
    let folder = Folder::new("again");
    folder.vendored(&upstream(), "1.0.0");
    assert_eq!(folder.read("CHANGELOG.md"), CHANGELOG);
    for document in [upstream(), next()] {
        folder.vendored(&document, "1.0.0");
        let before = folder.files();
        says(&folder.vendored(&document, "1.0.0"), &["no change"]);
        assert_eq!(folder.files(), before);
        // What is kept of it, too.
        assert!(run(&folder.0, &[], &[]).status.success());
        assert_eq!(folder.files(), before);
    }
}

#[test]
fn a_new_operation_is_proposed_listed_and_noted() {
    let folder = Folder::new("new");
    folder.vendored(&upstream(), "1.0.0");
    let report = folder.vendored(&next(), "1.1.0");
    says(
        &report,
        &[
            "- applied at 1 place: `$.paths.*[?@.operationId == 'ListThings']",
            "  Answers with all things.",
            "- GET /api/things/{id} (GetThing) → `things().get(id: impl IntoText) -> GetThing200`",
            "- [ ] $.paths['/api/things/{id}'].get: summary, x-logto-parameters.deep",
            "properties.weight",
            "additive: a new patch version",
            "+ things.get(id: impl IntoText) -> GetThing200",
            "+ things.get.deep(Text)",
        ],
    );
    // What had no text before is known.
    assert!(!report.contains("- [ ] $.paths['/api/things'].get"), "{report}");
    let changelog = folder.read("CHANGELOG.md");
    let entry = "- Something by hand.\n- With Logto 1.1.0:\n  - `things()`: `get(id)`.\n  - Models: `GetThing200`.\n";
    says(&changelog, &[entry]);
    assert!(!changelog.contains("### Changed"), "{changelog}");
}

#[test]
fn another_document_replaces_the_entry_and_the_first_one_removes_it() {
    let folder = Folder::new("entry");
    folder.vendored(&upstream(), "1.0.0");
    let before = folder.files();
    folder.vendored(&next(), "1.0.0");
    let report = folder.vendored(&renamed_member(next()), "1.0.0");
    says(
        &report,
        &[
            "2 added, 0 changed, 2 removed; breaking: a new minor version (from ",
            "The CHANGELOG's entry, since Logto 1.0.0: 6 added, 0 changed, 2 removed; breaking",
            "- things.create.size(Plain(i64))",
            "+ things.create.width(Plain(i64))",
        ],
    );
    let changelog = folder.read("CHANGELOG.md");
    says(
        &changelog,
        &[
            "- With Logto 1.0.0:\n  - `CreateThing`: `width`.\n  - `things()`: `get(id)`.\n  - `things().create()`: `width`.",
            "### Removed\n\n- With Logto 1.0.0 (breaking):\n  - `CreateThing`: `size`.\n  - `things().create()`: `size`.",
        ],
    );
    assert!(!changelog.contains("1.1.0"), "{changelog}");
    says(&folder.vendored(&upstream(), "1.0.0"), &["since Logto 1.0.0: taken out"]);
    // What is settled keeps its name, should it come back.
    let settled = ["methods.toml", "names.toml"];
    let others = |files: Vec<(String, String)>| -> Vec<(String, String)> {
        files.into_iter().filter(|(name, _)| !settled.contains(&name.as_str())).collect()
    };
    assert_eq!(others(folder.files()), others(before));
}

/// What one release has and another lacks stays callable.
#[test]
fn a_release_is_one_more_document_of_a_series() {
    let folder = Folder::new("series");
    folder.vendored(&upstream(), "1.0.0");
    let report = folder.vendored(&renamed_member(next()), "1.1.0");
    says(
        &report,
        &[
            "0 changed, 0 removed; additive",
            "+ things.create.width(Plain(i64))",
            "vendored 3 operations, 3 schemas of 1.0.0, 1.1.0",
        ],
    );
    let contract: Value = serde_json::from_str(&folder.read("logto.json")).unwrap();
    assert_eq!(contract["info"]["x-logto-releases"], json!(["1.0.0", "1.1.0"]));
    let members = &contract["components"]["schemas"]["CreateThing"]["properties"];
    assert_eq!(members["size"]["x-logto-until"], "1.0.0");
    assert_eq!(members["width"]["x-logto-since"], "1.1.0");
    assert_eq!(members["name"], json!({ "type": "string" }));
    assert_eq!(contract["paths"]["/api/things/{id}"]["get"]["x-logto-since"], "1.1.0");
    // And back.
    let dropped = run(&folder.0, &["--drop", "1.1.0"], &[]);
    assert!(dropped.status.success(), "{}", String::from_utf8_lossy(&dropped.stderr));
    let contract: Value = serde_json::from_str(&folder.read("logto.json")).unwrap();
    assert_eq!(contract["info"]["x-logto-releases"], json!(["1.0.0"]));
    assert!(!folder.0.join("releases/1.1.0.json").exists());
    let unknown = run(&folder.0, &["--drop", "1.2.0"], &[]);
    says(&String::from_utf8(unknown.stderr).unwrap(), &["1.2.0 is not in the series: 1.0.0"]);
}

#[test]
fn the_order_of_releases_does_not_matter() {
    let documents = [("1.0.0", upstream()), ("1.1.0", next()), ("next", renamed_member(next()))];
    let mut made: Vec<Vec<(String, String)>> = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let folder = Folder::new(&format!("order{order:?}"));
        folder.write("corrections.yaml", "overlay: 1.0.0\n");
        for index in order {
            let (version, document) = &documents[index];
            folder.taken(document, version, &["--date", "2026-01-02"]);
        }
        // These tell what changed from run to run.
        let told = ["CHANGELOG.md", "released.txt"];
        let files = folder.files().into_iter();
        made.push(files.filter(|(name, _)| !told.contains(&name.as_str())).collect());
    }
    assert_eq!(made[0], made[1]);
    assert_eq!(made[0], made[2]);
}

#[test]
fn stale_corrections_are_refused_all_at_once() {
    let folder = Folder::new("stale");
    folder.vendored(&upstream(), "1.0.0");
    let lost = "  - target: $.paths['/api/gone'].get\n    description: It is old.\n    update: { deprecated: true }\n";
    folder.write("corrections.yaml", &(CORRECTIONS.to_owned() + lost));
    let mut fixed = upstream();
    fixed["paths"]["/api/things"]["get"]["responses"]["200"]["content"]["application/json"] = json!({
        "schema": { "type": "array", "items": {
            "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "minLength": 1 } }
        } }
    });
    let parts = [
        "no longer needed: upstream says so itself at 1 place: `$.paths.*[?@.operationId == 'ListThings']",
        "  Answers with all things.",
        "no longer applies: its target matches nothing: `$.paths['/api/gone'].get`",
        "  It is old.",
    ];
    let refusal = folder.refused(&fixed);
    says(&refusal, &parts);
    says(&refusal, &["--allow-stale-corrections"]);
    let allowed = folder.vendor(&fixed, "1.0.0", &["--allow-stale-corrections"]);
    assert!(allowed.status.success());
    says(&String::from_utf8(allowed.stdout).unwrap(), &parts);
}

#[test]
fn what_no_code_can_be_generated_for_is_refused() {
    let folder = Folder::new("code");
    folder.vendored(&upstream(), "1.0.0");
    let methods = folder.read("methods.toml").replace("method = \"list\"", "method = \"create\"");
    folder.write("methods.toml", &methods);
    says(
        &folder.refused(&upstream()),
        &["no code can be generated", "same group and method", "methods.toml"],
    );
}

#[test]
fn texts_about_what_is_gone_are_listed() {
    let folder = Folder::new("docs");
    let docs = "overlay: 1.0.0\nactions:\n  - target: $.paths['/api/things/{id}'].get\n    update: { summary: Gets a thing. }\n";
    folder.write("docs.yaml", docs);
    let gone = "- [ ] $.paths['/api/things/{id}'].get\n";
    let with = folder.vendored(&next(), "1.0.0");
    assert!(!with.contains(gone), "{with}");
    says(&folder.vendored(&upstream(), "1.0.0"), &["Texts in docs.yaml about what is gone", gone]);
}
