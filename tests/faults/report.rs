//! The page that shows what becomes of calls.

use std::{env, fmt::Write as _, fs, path::Path};

use crate::{
    call::Call,
    cell::{Cell, Times},
};

const HEAD: &str = "\
# What becomes of a call when something goes wrong

Every row is something that goes wrong on the wire, every column a call that meets it; everything is
as it is by default. `cargo test --test faults` does all of it against a server that controls every
byte, checks that the server never acts twice for one call and that the client is of use afterwards,
and that this page says what came of it.

| sign | meaning |
| --- | --- |
| ✓ | the call succeeds |
| ✓ 2 | it succeeds with its second request |
| ✗ | it fails after one request |
| ✗ 3 | it fails after three requests |
| ? | it may have taken effect all the same, and `Error::may_have_taken_effect` says so |

The first four columns are requests to an API: `users().list()`, `create()`, `update()` and `delete()`.
The others are requests that come before: for an application's token (whatever the call is), for a
user's tokens with the code of a sign-in, for the keys that ID tokens are signed with, and for new
tokens with a refresh token.
";

const COLUMNS: [(&str, Call); 8] = [
    ("list", Call::List),
    ("create", Call::Create),
    ("change", Call::Change),
    ("delete", Call::Delete),
    ("token", Call::ListWithToken),
    ("code", Call::Redeem),
    ("keys", Call::Keys),
    ("refresh", Call::Refresh),
];

pub(crate) fn page(cells: &[Cell]) -> String {
    let mut page = HEAD.to_owned();
    for (title, times) in
        [("When it goes wrong once", Times::Once), ("When it goes wrong every time", Times::Always)]
    {
        let cells: Vec<_> = cells.iter().filter(|cell| cell.times == times).collect();
        let _ = write!(page, "\n## {title}\n\n{}", table(&cells));
    }
    let always: Vec<_> = cells.iter().filter(|cell| cell.times == Times::Always).collect();
    let _ = write!(
        page,
        "\n## What the error says\n\nOf the list, when it goes wrong every time:\n\n{}",
        errors(&always)
    );
    page
}

fn table(cells: &[&Cell]) -> String {
    let names = COLUMNS.map(|(name, _)| name);
    let mut table =
        format!("| | {} |\n| --- |{}\n", names.join(" | "), " --- |".repeat(names.len()));
    for of_fault in cells.chunk_by(|one, other| one.fault.name == other.fault.name) {
        let row = COLUMNS.map(|(_, call)| {
            of_fault.iter().find(|cell| cell.call == call).map_or(String::new(), |cell| sign(cell))
        });
        let _ = writeln!(table, "| {} | {} |", of_fault[0].fault.name, row.join(" | "));
    }
    table
}

fn sign(cell: &Cell) -> String {
    let mut sign = if cell.outcome.is_ok() { "✓" } else { "✗" }.to_owned();
    // Where nobody listens, the error alone can tell.
    let attempts = cell.outcome.as_ref().map_or_else(|error| error.attempts() as usize, |()| 0);
    match cell.requests.max(attempts) {
        0 | 1 => {}
        requests => sign.push_str(&format!(" {requests}")),
    }
    if cell.outcome.as_ref().is_err_and(logto_api::Error::may_have_taken_effect) {
        sign.push_str(" ?");
    }
    sign
}

fn errors(cells: &[&Cell]) -> String {
    let mut table = "| | error |\n| --- | --- |\n".to_owned();
    for cell in cells.iter().filter(|cell| cell.call == Call::List) {
        if let Err(error) = &cell.outcome {
            let text = without_port(&error.to_string());
            let _ = writeln!(table, "| {} | {text} |", cell.fault.name);
        }
    }
    table
}

/// The text with the port of all Logtos in place of the server's.
fn without_port(text: &str) -> String {
    match text.split_once("127.0.0.1:") {
        None => text.to_owned(),
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}localhost:3001{after}")
        }
    }
}

/// Compares a page with what it is to be, or writes it.
pub(crate) fn check(path: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("LOGTO_WRITE_DOCS").is_some() {
        fs::write(&path, page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is not what came of it: read what has changed by `LOGTO_WRITE_DOCS=1 cargo test --test \
         faults` and `git diff`",
        path.display()
    );
}
