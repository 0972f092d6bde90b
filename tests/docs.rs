//! README and guides name only what exists: items, examples and files.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Every word of the code of these folders, generated code included.
fn words(folders: &[&Path]) -> BTreeSet<String> {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| files(folder, "rs", &mut paths));
    let mut words = BTreeSet::new();
    for path in paths {
        let text = fs::read_to_string(path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let split = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.extend(split.filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    words
}

/// The paths of items in backticks, such as `RetryPolicy::never()`.
fn items(text: &str) -> Vec<&str> {
    let spans = text.split('`').skip(1).step_by(2);
    let paths = spans.map(|span| span.split('(').next().unwrap());
    let is_path = |path: &&str| {
        path.contains("::") && path.chars().all(|c| c.is_alphanumeric() || "_:".contains(c))
    };
    paths.filter(is_path).collect()
}

#[test]
fn guides_name_only_what_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("OUT_DIR"));
    let known = words(&[&root.join("src"), &root.join("mock/src"), out]);
    let mut guides = vec![root.join("README.md")];
    files(&root.join("docs"), "md", &mut guides);
    // What releases of Logto had is written from their documents.
    guides.retain(|guide| !guide.ends_with("compatibility.md"));
    let (mut missing, mut seen) = (Vec::new(), 0);
    for guide in guides {
        let text = fs::read_to_string(&guide).unwrap();
        let name = guide.file_name().unwrap().to_string_lossy().into_owned();
        for path in items(&text) {
            seen += 1;
            let foreign = ["reqwest", "tower", "schemars", "std", "tokio", "axum", "http"];
            let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
            if parts.peek().is_some_and(|first| foreign.contains(first)) {
                continue;
            }
            let own =
                |part: &str| part == "logto_api" || part == "logto_mock" || known.contains(part);
            if !parts.all(own) {
                missing.push(format!("{name}: `{path}`"));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") && !guide.with_file_name(file).exists() {
                missing.push(format!("{name}: the file {file}"));
            }
        }
        for example in text.split("--example ").skip(1) {
            let example = example.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if !root.join(format!("examples/{example}.rs")).exists() {
                missing.push(format!("{name}: the example {example}"));
            }
        }
    }
    assert!(seen > 20, "no longer finds what guides name: {seen}");
    assert!(missing.is_empty(), "promised and missing:\n{}", missing.join("\n"));
}
