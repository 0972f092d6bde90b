//! Every conversation of a file, driven by what its steps say.
//!
//! `LOGTO_CONVERSATIONS=file cargo test --test conversations -- --nocapture` tries others.

use std::path::{Path, PathBuf};

use crate::{RECORDED, conversation, director::direct};

/// Made of single exchanges that were recorded in other conversations.
const COMPOSED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations/composed.jsonl");

/// Of several releases, with what they do otherwise than the others, and with what is no success and
/// still a step.
const OF_RELEASES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations/releases.jsonl");

#[tokio::test]
async fn every_conversation_passes() {
    match std::env::var_os("LOGTO_CONVERSATIONS").map(PathBuf::from) {
        Some(file) => assert_all_pass(&file).await,
        None => assert_all_pass(Path::new(RECORDED)).await,
    }
}

#[tokio::test]
async fn so_does_every_one_that_was_composed() {
    assert_all_pass(Path::new(COMPOSED)).await;
}

#[tokio::test]
async fn so_does_every_one_with_another_release() {
    assert_all_pass(Path::new(OF_RELEASES)).await;
}

async fn assert_all_pass(file: &Path) {
    let conversations = conversation::read(file);
    assert!(!conversations.is_empty(), "there is nothing in {}", file.display());
    let mut failed = Vec::new();
    for conversation in &conversations {
        let report = direct(conversation).await;
        println!("{report}");
        if !report.problems.is_empty() {
            failed.push(report.title);
        }
    }
    assert!(failed.is_empty(), "see above what is wrong with {failed:#?}");
}
