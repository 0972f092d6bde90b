//! Changes that are accepted, each with the reason.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::Drift;

/// An ignore file:
///
/// ```toml
/// [[ignore]]
/// change = "member-added User.*"
/// reason = "The next release brings these; nothing of ours reads them."
/// ```
///
/// `*` stands for any text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignored {
    #[serde(default)]
    ignore: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    change: String,
    reason: String,
}

impl Ignored {
    /// Reads an ignore file.
    ///
    /// # Errors
    ///
    /// When it is not TOML of that form, or an entry gives no reason.
    pub fn parse(text: &str) -> crate::Result<Self> {
        Ok(read(text)?)
    }
}

fn read(text: &str) -> Result<Ignored> {
    let ignored: Ignored = toml::from_str(text).context("not a list of [[ignore]] entries")?;
    if let Some(entry) = ignored.ignore.iter().find(|entry| entry.reason.trim().is_empty()) {
        bail!("{:?} is ignored without a reason: give one", entry.change);
    }
    Ok(ignored)
}

impl Drift {
    /// Takes out what is ignored; notes entries that match nothing.
    #[must_use]
    pub fn without(mut self, ignored: &Ignored) -> Self {
        for entry in &ignored.ignore {
            let before = self.changes.len();
            self.changes.retain(|change| !matches(&entry.change, &change.id));
            let gone = before - self.changes.len();
            self.ignored += gone;
            if gone == 0 {
                let note =
                    format!("nothing to ignore is called {:?}: drop the entry", entry.change);
                self.notes.push(note);
            }
        }
        self
    }
}

/// Whether a text has a pattern's parts, in order.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
    ends.into_iter().any(|index| matches(rest, &text[index..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("member-added User.*", "member-added User.profile.name"));
        assert!(matches("*", ""));
        assert!(matches("* User*.name", "member-added UserProfile.name"));
        assert!(!matches("member-added User", "member-added UserProfile"));
        assert!(!matches("*.name", "member-added User.names"));
    }
}
