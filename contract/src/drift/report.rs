//! A drift, written down.

use std::fmt::Write;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{Change, Class, Drift};

/// How a drift is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

impl std::str::FromStr for Format {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |text| {
            Ok(match text {
                "text" => Self::Text,
                "json" => Self::Json,
                "markdown" => Self::Markdown,
                _ => bail!("{text:?} is no format: text, json or markdown"),
            })
        };
        Ok(known(text)?)
    }
}

/// How many operations a text names before it counts the others.
const NAMED: usize = 3;

impl Drift {
    /// Writes the report, with a newline at its end.
    ///
    /// # Errors
    ///
    /// When a change cannot be written as JSON.
    pub fn print(&self, format: Format) -> crate::Result<String> {
        Ok(match format {
            Format::Text => self.text(),
            Format::Json => self.json().context("the report cannot be written")?,
            Format::Markdown => self.markdown(),
        })
    }

    /// One line: how much there is of what.
    #[must_use]
    pub fn summary(&self) -> String {
        let from = match &self.release {
            Some(release) => format!(" from Logto {release}"),
            None => String::new(),
        };
        if self.changes.is_empty() {
            return match self.ignored {
                0 => format!("no drift{from}"),
                count => format!("no drift{from} ({count} changes ignored)"),
            };
        }
        let count = |class| self.of(class).count();
        let ignored = match self.ignored {
            0 => String::new(),
            count => format!(", {count} ignored"),
        };
        let code_only = match self.of(Class::Breaking).filter(|one| is_code_only(one)).count() {
            0 => String::new(),
            count => format!(" ({count} for code only)"),
        };
        let api = match self.code.as_ref().map(|code| code.class) {
            None => String::new(),
            Some(None) => "; public API: unchanged".to_owned(),
            Some(Some(class)) => format!("; public API: {class}"),
        };
        format!(
            "drift{from}: {} breaking{code_only}, {} additive, {} internal{ignored}{api}",
            count(Class::Breaking),
            count(Class::Additive),
            count(Class::Internal),
        )
    }

    fn json(&self) -> serde_json::Result<String> {
        let count = |class| self.of(class).count();
        let report = json!({
            "drift": !self.is_none(),
            "class": self.class(),
            "breaking": count(Class::Breaking),
            "additive": count(Class::Additive),
            "internal": count(Class::Internal),
            "ignored": self.ignored,
            "code": self.code,
            "changes": self.changes,
            "notes": self.notes,
        });
        Ok(serde_json::to_string_pretty(&report)? + "\n")
    }

    fn of(&self, class: Class) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.class == class)
    }

    fn text(&self) -> String {
        let mut text = self.summary() + "\n";
        for class in CLASSES {
            for (i, change) in self.of(class).enumerate() {
                if i == 0 {
                    let _ = writeln!(text, "\n{class}: {}", meaning(class));
                }
                let _ = writeln!(text, "  {}{}", change.id, values(change));
                let _ =
                    writeln!(text, "    at {}{}", change.pointer(), more(change.pointers.len()));
                let _ = writeln!(text, "    {}", affected(change));
            }
        }
        if let Some(code) = &self.code {
            let _ = writeln!(text, "\npublic API: {}", code.lines.join("\n  "));
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = format!("# Drift of the Logto API\n\n{}.\n", capital(&self.summary()));
        for class in CLASSES {
            for (i, change) in self.of(class).enumerate() {
                if i == 0 {
                    let _ = write!(
                        text,
                        "\n## {}\n\n{}.\n\n| change | item | was | is | affects | at |\n| --- | --- | --- | --- | --- | --- |\n",
                        capital(&class.to_string()),
                        capital(meaning(class)),
                    );
                }
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {} |",
                    change.kind,
                    cell(&change.item),
                    change.before.as_ref().map(short).as_deref().map(cell).unwrap_or_default(),
                    change.after.as_ref().map(short).as_deref().map(cell).unwrap_or_default(),
                    affected(change).replace('|', "\\|"),
                    cell(change.pointer()) + &more(change.pointers.len()),
                );
            }
        }
        if let Some(code) = &self.code {
            let _ = writeln!(text, "\n## Public API\n\n```text\n{}\n```", code.lines.join("\n"));
        }
        if !self.notes.is_empty() {
            text.push_str("\n## Notes\n\n");
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {}", note.replace('\n', " "));
        }
        text
    }
}

const CLASSES: [Class; 3] = [Class::Breaking, Class::Additive, Class::Internal];

fn meaning(class: Class) -> &'static str {
    match class {
        Class::Breaking => "what works today may fail, or code must change for the next version",
        Class::Additive => "what works goes on working; the next version can offer more",
        Class::Internal => "users of the crate notice nothing",
    }
}

fn affected(change: &Change) -> String {
    let calls = change.operations.iter().map(|(id, method)| match method {
        Some(method) => format!("{id} ({method})"),
        None => id.clone(),
    });
    let calls: Vec<String> = calls.collect();
    let named = calls.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let operations = match calls.len() {
        0 => "the document as a whole".to_owned(),
        count if count > NAMED => format!("{count} operations: {named}, …"),
        1 => format!("1 operation: {named}"),
        count => format!("{count} operations: {named}"),
    };
    if is_code_only(change) { operations + "; running programs go on" } else { operations }
}

/// Whether running programs do not notice what code does.
fn is_code_only(change: &Change) -> bool {
    change.class == Class::Breaking && change.running != Class::Breaking
}

fn values(change: &Change) -> String {
    match (change.before.as_ref().map(short), change.after.as_ref().map(short)) {
        (Some(before), Some(after)) => format!(": {before} → {after}"),
        (Some(before), None) => format!(": was {before}"),
        (None, Some(after)) => format!(": {after}"),
        (None, None) => String::new(),
    }
}

fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn more(places: usize) -> String {
    if places > 1 { format!(" (and {} more places)", places - 1) } else { String::new() }
}

fn cell(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|").replace(['`', '\n'], " "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
