//! What vendoring tells its user, in Markdown, so that it can be the text of a pull request.

use logto_api_contract::Vendored;

/// Prints a part of the report, if there is anything to say.
pub(super) fn print(heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        println!("## {heading}\n\n{}\n", lines.join("\n"));
    }
}

/// `GET /api/things (ListThings) → things().list() -> Page<Thing>`
pub(super) fn proposals(vendored: &Vendored, items: &[String]) -> Vec<String> {
    let line = |new: &logto_api_contract::Proposal| {
        let item = format!("{}.{}(", new.group, new.method);
        let written = items.iter().find_map(|line| line.strip_prefix(&item));
        let call = written.map_or_else(String::new, |rest| format!("({rest}"));
        format!(
            "- {} {} ({}) → `{}().{}{call}`",
            new.verb, new.path, new.operation, new.group, new.method
        )
    };
    vendored.proposals.iter().map(line).collect()
}

pub(super) fn targets(targets: &[String]) -> Vec<String> {
    targets.iter().map(|target| format!("- [ ] {target}")).collect()
}

const BASELINE: &str = "# The public items that were generated from Logto ";

/// The text of `released.txt`.
pub(super) fn print_baseline(version: &str, items: &[String]) -> String {
    format!(
        "{BASELINE}{version}\n# when the CHANGELOG's entry about the contract was begun. `cargo xtask vendor` keeps this file.\n{}\n",
        items.join("\n")
    )
}

/// The release of Logto, and the public items.
pub(super) fn parse_baseline(text: &str) -> (String, Vec<String>) {
    let version = text.lines().find_map(|line| line.strip_prefix(BASELINE)).unwrap_or_default();
    let items = text.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    (version.to_owned(), items.map(str::to_owned).collect())
}
