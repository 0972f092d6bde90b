//! Which part of the crate may use which: state, then rules, routes, the server and `Mock`.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Each floor may use itself and those before it.
const FLOORS: [&str; 5] = ["state", "rules", "routes", "server", "mock"];
/// The floors that know nothing of HTTP.
const WITHOUT_HTTP: [&str; 2] = ["state", "rules"];

#[test]
fn nothing_uses_what_is_above_it() -> Result {
    let mut checked = 0;
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))? {
        let source = fs::read_to_string(&file)?;
        let Some(floor) = floor_of(&file) else { continue };
        checked += 1;
        for (above, name) in FLOORS.iter().enumerate().skip(floor + 1) {
            let used = used_modules(&source).any(|module| module == *name);
            assert!(!used, "{} (floor {}) uses {name} ({above})", file.display(), FLOORS[floor]);
        }
        if WITHOUT_HTTP.contains(&FLOORS[floor]) {
            for library in ["axum", "tokio", "http::"] {
                let used = source.contains(library) && !source.contains(&format!("//! {library}"));
                assert!(!used, "{} uses {library}", file.display());
            }
        }
    }
    assert!(checked > 50, "only {checked} files");
    Ok(())
}

fn floor_of(file: &Path) -> Option<usize> {
    let src = file.components().rev().position(|part| part.as_os_str() == "src")?;
    let below = file.components().rev().nth(src - 1)?;
    let name = below.as_os_str().to_str()?.trim_end_matches(".rs");
    FLOORS.iter().position(|floor| *floor == name)
}

/// The modules of the crate that a source file names after `crate::`.
fn used_modules(source: &str) -> impl Iterator<Item = &str> {
    source.split("crate::").skip(1).flat_map(|rest| {
        let list = rest.strip_prefix('{').map(outer_names);
        list.unwrap_or_else(|| vec![first_word(rest)])
    })
}

/// The first names of the items of a list in braces.
fn outer_names(list: &str) -> Vec<&str> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_word(&list[start..]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_word(&list[start..]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}
