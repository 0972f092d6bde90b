//! A module in several files, so that "go to definition" opens one that a person can read.

use std::collections::BTreeMap;

/// The files of a module: one that includes the others, and these by their names.
#[derive(Debug, Default)]
pub struct Pages {
    /// What the crate includes.
    pub index: String,
    /// What that includes, by the path below `OUT_DIR`.
    pub pages: BTreeMap<String, String>,
}

impl Pages {
    /// Adds a page, and gives the line that includes it.
    pub(crate) fn add(&mut self, path: String, code: String) -> String {
        let line = include(&path);
        self.pages.insert(path, code);
        line
    }

    /// All of it as one file.
    #[must_use]
    pub fn whole(&self) -> String {
        let inlined =
            |text: String, (path, code): (&String, &String)| text.replace(&include(path), code);
        self.pages.iter().fold(self.index.clone(), inlined)
    }
}

fn include(path: &str) -> String {
    format!("include!(concat!(env!(\"OUT_DIR\"), \"/{path}\"));\n")
}
