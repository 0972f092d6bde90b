//! The codes of Logto's errors, in `openapi/codes.txt`: what recorded answers have, and what Logto's
//! own catalogue of messages has. Of that, the keys are read, and no message.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::vendor::openapi_folder;

/// What to read codes from; they are added to those that are known.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Recordings (`.json`, `.jsonl`), and files of `packages/phrases/src/locales/en/errors` (`.ts`).
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let list = openapi_folder().join("codes.txt");
    let known = fs::read_to_string(&list).unwrap_or_default();
    let mut codes: BTreeSet<String> = known.lines().map(str::to_owned).collect();
    let before = codes.len();
    for file in &args.files {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        if file.extension().is_some_and(|kind| kind == "ts") {
            catalogue(file, &text, &mut codes);
        } else {
            let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
            values.filter_map(Result::ok).for_each(|value| recorded(&value, &mut codes));
        }
    }
    let lines: String = codes.iter().map(|code| format!("{code}\n")).collect();
    fs::write(&list, lines).with_context(|| list.display().to_string())?;
    println!("{} codes, {} of them new", codes.len(), codes.len() - before);
    Ok(())
}

/// The member `code` of every object, also where an answer is kept as text.
fn recorded(value: &Value, codes: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let code = members.get("code").and_then(Value::as_str).filter(|code| is_code(code));
            codes.extend(code.map(str::to_owned));
            members.values().for_each(|member| recorded(member, codes));
        }
        Value::Array(items) => items.iter().for_each(|item| recorded(item, codes)),
        Value::String(text) if text.starts_with('{') => {
            if let Ok(body) = serde_json::from_str::<Value>(text) {
                recorded(&body, codes);
            }
        }
        _ => {}
    }
}

/// Keys of nested objects, one a line, below the name of the file.
fn catalogue(file: &Path, text: &str, codes: &mut BTreeSet<String>) {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
    let mut place = Vec::new();
    for line in text.lines().map(str::trim) {
        match line.split_once(':') {
            _ if line.starts_with("const ") => place = vec![name.clone()],
            _ if line == "}," || line == "};" => drop(place.pop()),
            Some((key, "" | " {")) if line.ends_with('{') => place.push(key.to_owned()),
            Some((key, _)) if key.bytes().all(is_word) && !place.is_empty() => {
                codes.insert(format!("{}.{key}", place.join(".")));
            }
            _ => {}
        }
    }
}

/// Words with dots between them.
fn is_code(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_word))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_codes_are_found_wherever_they_are() {
        let mut codes = BTreeSet::new();
        let body = r#"{"code":"user.suspended","data":{"code":"123456"}}"#;
        recorded(
            &serde_json::json!([{ "body": body }, { "code": "guard.invalid_input" }]),
            &mut codes,
        );
        assert_eq!(
            codes.into_iter().collect::<Vec<_>>(),
            ["guard.invalid_input", "user.suspended"]
        );
    }

    #[test]
    fn a_catalogue_gives_its_keys_and_no_message() {
        let text = "const session = {\n  not_found: 'No: session.',\n  too_long:\n    'A text: long.',\n  \
                    mfa: {\n    wrong: 'x',\n  },\n  last: 'y',\n};\n\nexport default x;\n";
        let mut codes = BTreeSet::new();
        catalogue(Path::new("my-session.ts"), text, &mut codes);
        let expected = [
            "my_session.last",
            "my_session.mfa.wrong",
            "my_session.not_found",
            "my_session.too_long",
        ];
        assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
    }
}
