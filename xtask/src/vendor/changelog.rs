//! The entry about the contract under `## Unreleased` of the CHANGELOG.
//!
//! It is one point under each of `### Added`, `### Changed` and `### Removed` that is needed, known by
//! how it begins. Writing it again replaces it; what people wrote beside it stays as it is.

use super::entry::Entry;

const UNRELEASED: &str = "## Unreleased";
const LEAD: &str = "- With Logto ";
const WIDTH: usize = 100;

/// Whether there is an entry about the contract.
pub(super) fn has_entry(changelog: &str) -> bool {
    let lines = changelog.lines().skip_while(|line| *line != UNRELEASED).skip(1);
    lines.take_while(|line| !line.starts_with("## ")).any(|line| line.starts_with(LEAD))
}

/// The CHANGELOG with this entry and no other about the contract; an empty one leaves none.
pub(super) fn with_entry(
    changelog: &str,
    logto_version: &str,
    breaks: bool,
    entry: &Entry,
) -> String {
    let (before, section, after) = parts(changelog);
    let mut sections = split(section);
    for (heading, body) in &mut sections {
        forget(body);
        let points = match heading.as_str() {
            "### Added" => &entry.added,
            "### Changed" => &entry.changed,
            "### Removed" => &entry.removed,
            _ => continue,
        };
        if !points.is_empty() {
            let breaks = if breaks && heading != "### Added" { " (breaking)" } else { "" };
            body.push(format!("{LEAD}{logto_version}{breaks}:"));
            points.iter().for_each(|point| body.extend(wrapped(point)));
        }
    }
    let sections = sections.iter().filter(|(_, body)| !body.is_empty());
    let text: Vec<String> = sections
        .map(|(heading, body)| match heading.is_empty() {
            true => format!("{}\n\n", body.join("\n")),
            false => format!("{heading}\n\n{}\n\n", body.join("\n")),
        })
        .collect();
    let text = format!("{before}{UNRELEASED}\n\n{}{after}", text.concat());
    text.trim_end().to_owned() + "\n"
}

/// What is before the section of what is not released, what is in it, and what comes after.
fn parts(changelog: &str) -> (String, &str, &str) {
    let next = |text: &str| match text.strip_prefix("## ") {
        Some(_) => Some(0),
        None => text.find("\n## ").map(|at| at + 1),
    };
    match changelog.find(UNRELEASED) {
        Some(at) => {
            let section = &changelog[at + UNRELEASED.len()..];
            let end = next(section).unwrap_or(section.len());
            (changelog[..at].to_owned(), &section[..end], &section[end..])
        }
        None => {
            let at = next(changelog).unwrap_or(changelog.len());
            let before = changelog[..at].trim_end();
            let before = if before.is_empty() { String::new() } else { format!("{before}\n\n") };
            (before, "", &changelog[at..])
        }
    }
}

/// The headings with the lines below each; the three that an entry may need are among them.
fn split(section: &str) -> Vec<(String, Vec<String>)> {
    let mut sections = vec![(String::new(), Vec::new())];
    for line in section.lines() {
        match sections.last_mut() {
            Some((_, body)) if !line.starts_with("### ") => body.push(line.to_owned()),
            _ => sections.push((line.to_owned(), Vec::new())),
        }
    }
    let mut at = 1;
    for heading in ["### Added", "### Changed", "### Removed"] {
        at = match sections.iter().position(|(known, _)| known == heading) {
            Some(found) => found + 1,
            None => {
                sections.insert(at, (heading.to_owned(), Vec::new()));
                at + 1
            }
        };
    }
    sections
}

/// Drops the entry, and blank lines around what remains.
fn forget(body: &mut Vec<String>) {
    let mut within = false;
    body.retain(|line| {
        within = line.starts_with(LEAD) || within && line.starts_with("  ");
        !within
    });
    let is_blank = |line: Option<&String>| line.is_some_and(|line| line.trim().is_empty());
    while is_blank(body.last()) {
        body.pop();
    }
    while is_blank(body.first()) {
        body.remove(0);
    }
}

/// A point below a point, in lines of at most [`WIDTH`] where words allow.
fn wrapped(point: &str) -> Vec<String> {
    let mut lines = vec!["  -".to_owned()];
    for word in words(point) {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH || line == "  -" => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("    {word}")),
        }
    }
    lines
}

/// Words, code kept together.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut in_code = false;
    for c in text.chars() {
        in_code ^= c == '`';
        match words.last_mut() {
            Some(word) if c != ' ' || in_code => word.push(c),
            _ => words.push(String::new()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "# Changelog\n\nAll of it.\n\n## Unreleased\n\n### Added\n\n- By hand,\n  on two lines.\n\n\
                         ### Fixed\n\n- A bug.\n\n## 0.1.0\n\n### Added\n\n- With Logto 1.42.0:\n  - All.\n";

    fn entry(added: &[&str], changed: &[&str]) -> Entry {
        let points = |points: &[&str]| points.iter().map(|point| (*point).to_owned()).collect();
        Entry { added: points(added), changed: points(changed), removed: Vec::new() }
    }

    #[test]
    fn an_entry_stands_beside_what_people_wrote() {
        let written = with_entry(PLAIN, "1.43.0", true, &entry(&["A."], &["B.", "C."]));
        let expected = "### Added\n\n- By hand,\n  on two lines.\n- With Logto 1.43.0:\n  - A.\n\n\
                        ### Changed\n\n- With Logto 1.43.0 (breaking):\n  - B.\n  - C.\n\n### Fixed\n\n- A bug.\n\n## 0.1.0";
        assert!(written.contains(expected), "{written}");
        assert!(has_entry(&written) && !has_entry(PLAIN));
    }

    #[test]
    fn writing_again_replaces_and_an_empty_entry_removes() {
        let once = with_entry(PLAIN, "1.43.0", true, &entry(&["A."], &["B."]));
        assert_eq!(with_entry(&once, "1.43.0", true, &entry(&["A."], &["B."])), once);
        let next = with_entry(&once, "1.44.0", false, &entry(&["D."], &[]));
        assert_eq!(next, with_entry(PLAIN, "1.44.0", false, &entry(&["D."], &[])));
        assert_eq!(with_entry(&next, "1.44.0", false, &Entry::default()), PLAIN);
    }

    #[test]
    fn what_is_not_there_is_made() {
        let entry = entry(&["A."], &[]);
        let released = with_entry("# Changelog\n\n## 0.1.0\n\n- B.\n", "2.0", false, &entry);
        let expected = "## Unreleased\n\n### Added\n\n- With Logto 2.0:\n  - A.\n\n";
        assert_eq!(released, format!("# Changelog\n\n{expected}## 0.1.0\n\n- B.\n"));
        assert_eq!(with_entry("", "2.0", false, &entry), expected.trim_end().to_owned() + "\n");
    }

    #[test]
    fn long_points_are_wrapped_between_words_but_not_in_code() {
        let long = format!("`{}` {} `a b`.", "x y ".repeat(20), "word ".repeat(20));
        let text = with_entry("", "2.0", false, &entry(&[&long], &[]));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.contains(&"x y ".repeat(20)) && text.contains("`a b`."), "{text}");
    }
}
