//! What tasks write where nobody reads on, and when they fail.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use logto_api_contract::Series;
use serde_json::Value;

fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).env("RUST_BACKTRACE", "1");
    command
}

/// What it says to standard error while nobody reads its output, and its exit code.
fn unread(mut command: Command) -> (String, Option<i32>) {
    let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (said, child.wait().unwrap().code())
}

/// A document that lacks an operation, in a file that is gone when the test is over.
struct Document(PathBuf);

impl Document {
    fn new(name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let releases = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/releases");
        let series = Series::read(releases.as_ref()).unwrap();
        let mut document = series.newest().unwrap().1.clone();
        change(&mut document);
        let name = format!("logto-output-{name}-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, document.to_string()).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let changed = Document::new("pipe", |document| {
        document["paths"]["/api/roles"].as_object_mut().unwrap().remove("get").unwrap();
    });
    let drift = xtask(&["drift", "--upstream", changed.path()]);
    assert_eq!(unread(drift), (String::new(), Some(1)));
    assert_eq!(unread(xtask(&["coverage"])), (String::new(), Some(0)));
}

#[test]
fn a_refusal_is_a_message_and_no_backtrace() {
    let broken = Document::new("refusal", |document| document["paths"] = Value::Null);
    let arguments = ["vendor", "--logto-version", "1.0.0", "--upstream", broken.path()];
    for (arguments, start, code) in [
        (&arguments[..], "error: ", 1),
        (&["drift", "--upstream", broken.path()], "cannot tell: ", 2),
    ] {
        let output = xtask(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert!(said.starts_with(start) && said.contains("/paths"), "{said}");
        assert!(!said.to_lowercase().contains("backtrace"), "{said}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, copied).unwrap();
        }
    }
}

/// Both commands count the same of the public API, and call it the same.
#[test]
fn both_tasks_say_the_same_of_the_public_api() {
    let changed = Document::new("api", |document| {
        let user = &mut document["components"]["schemas"]["User"];
        user["properties"]["name"] = serde_json::json!({ "type": "integer", "format": "int64" });
    });
    let openapi = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");
    let folder = std::env::temp_dir().join(format!("logto-output-{}", std::process::id()));
    copy(openapi.as_ref(), &folder);
    let said = |arguments: &[&str]| {
        let folder = ["--upstream", changed.path(), "--folder", folder.to_str().unwrap()];
        String::from_utf8(xtask(arguments).args(folder).output().unwrap().stdout).unwrap()
    };
    let drift = said(&["drift"]);
    let vendor = said(&["vendor", "--logto-version", "next"]);
    fs::remove_dir_all(&folder).unwrap();
    let (_, api) = drift.split_once("\npublic API: ").unwrap();
    let summary = api.lines().next().unwrap();
    assert!(summary.contains("breaking"), "{drift}");
    assert!(vendor.contains(&format!("## Public API\n\n{summary}\n")), "{summary}\n{vendor}");
}
