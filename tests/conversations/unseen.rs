//! Every conversation of a file, driven by what its steps say.
//!
//! `LOGTO_CONVERSATIONS=file cargo test --test conversations -- --nocapture` tries others.

use std::path::PathBuf;

use crate::{RECORDED, conversation, director::direct};

#[tokio::test]
async fn every_conversation_passes() {
    let file = std::env::var_os("LOGTO_CONVERSATIONS").map_or(RECORDED.into(), PathBuf::from);
    let conversations = conversation::read(&file);
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
