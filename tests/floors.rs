//! Which folder of the library may use which: each uses what is below it, and nothing above.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// From the ground up. Those on one floor do not use each other.
const FLOORS: &[&[&str]] = &[
    &["clock", "models", "store"],
    &["error"],
    &["http", "lists"],
    &["auth"],
    &["client"],
    &["raw"],
    &["call"],
    // The generated groups of operations.
    &["groups"],
    &["drift", "oidc", "web_authn", "webhooks"],
    &["sign_in", "verify"],
];

/// What the crate's root re-exports, and the modules that it is from.
const REEXPORTS: &[(&str, &[&str])] = &[
    ("auth", &["AccessToken", "TokenProvider"]),
    (
        "call",
        &["BrowserResponse", "Download", "Response", "Request", "ResponseFuture", "WithResponse"],
    ),
    ("client", &["DelegationBuilder", "Client", "ClientBuilder"]),
    ("error", &["Error", "Result"]),
    ("clock", &["Clock"]),
    ("http", &["BrowserCookies", "RetryPolicy", "Upload"]),
    ("lists", &["ItemStream", "LogicalOperator", "Page", "PageStream", "Search", "SearchMode"]),
    ("models", &["Null", "setters", "Timestamp", "UnknownValue", "VerificationRecordId"]),
    ("store", &["MemoryTokenStore", "RedisTokenStore", "StoreError", "TokenStore"]),
    ("groups", &["account", "experience", "hooks", "verifications"]),
    ("reqwest", &["reqwest", "Bytes", "Method", "StatusCode"]),
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

/// The module that a name in the crate's root belongs to.
fn home(name: &str) -> &str {
    let reexported = REEXPORTS.iter().find(|(_, names)| names.contains(&name));
    reexported.map_or(name, |(module, _)| module)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code without its comments and its tests, which may use anything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first names after each `crate::`, also of a group in braces.
fn used(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => first_names(group, &mut names),
            None => drop(names.insert(first_name(rest))),
        }
    }
    names.remove("");
    names
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The names at the top of a group in braces, whose first brace is gone.
fn first_names(group: &str, names: &mut BTreeSet<String>) {
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.insert(first_name(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    return;
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_module_uses_only_what_is_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&src, &mut paths);
    let mut upward = Vec::new();
    let mut arrows = 0;
    for path in paths {
        let inner = path.strip_prefix(&src).unwrap();
        let top = inner.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = top.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let Some(own) = floor(module) else {
            upward.push(format!("`{module}` is on no floor: add it"));
            continue;
        };
        for name in used(&code(&path)) {
            let home = home(&name);
            if home == module || home == "reqwest" {
                continue;
            }
            arrows += 1;
            match floor(home) {
                Some(floor) if floor < own => {}
                Some(_) => upward.push(format!("{} uses {name} of {home}", inner.display())),
                None => {
                    upward.push(format!("{}: `{name}` is from no known module", inner.display()))
                }
            }
        }
    }
    assert!(arrows > 100, "no longer finds what modules use: {arrows}");
    assert!(upward.is_empty(), "uses what is not below:\n{}", upward.join("\n"));
}

#[test]
fn no_file_of_the_library_is_longer_than_can_be_overlooked() {
    const FOLDERS: [&str; 8] = [
        "src",
        "codegen/src",
        "contract/src",
        "mock/src",
        "xtask/src",
        "codegen/tests",
        "contract/tests",
        "xtask/tests",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in FOLDERS {
        files(&root.join(folder), &mut paths);
    }
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<_> = paths.iter().filter(|path| lines(path) > 400).collect();
    assert!(paths.len() > 150, "finds {} files only", paths.len());
    assert!(long.is_empty(), "over 400 lines: {long:?}");
}
