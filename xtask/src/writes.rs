//! Files that are written all or none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::source;

/// What is to be written and removed.
#[derive(Default)]
pub(crate) struct Writes(BTreeMap<PathBuf, Option<String>>);

impl Writes {
    /// Has a file written.
    pub(crate) fn write(&mut self, path: PathBuf, text: String) {
        self.0.insert(path, Some(text));
    }

    /// Has a file removed.
    pub(crate) fn remove(&mut self, path: PathBuf) {
        self.0.insert(path, None);
    }

    /// Does it. Each text is written beside its file first: when one cannot be, no file has changed.
    pub(crate) fn commit(self) -> Result<()> {
        let mut staged = Vec::new();
        let mut gone = Vec::new();
        for (path, text) in self.0 {
            match text {
                None if path.exists() => gone.push(path),
                None => {}
                Some(text) if source::read_if_there(&path)?.as_deref() == Some(&text) => {}
                Some(text) => staged.push((path, text)),
            }
        }
        let written = staged.iter().try_for_each(|(path, text)| stage(path, text));
        if written.is_err() {
            for (path, _) in &staged {
                // The error is what stopped the writing; a file that never came is none.
                let _ = fs::remove_file(beside(path));
            }
        }
        written?;
        for (path, _) in &staged {
            fs::rename(beside(path), path)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        for path in gone {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

fn stage(path: &Path, text: &str) -> Result<()> {
    let within = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(within)?;
    }
    anyhow::ensure!(!path.is_dir(), "{}: it is a folder", within());
    fs::write(beside(path), text).with_context(within)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn all_is_written_or_nothing() {
        let folder = std::env::temp_dir().join(format!("writes-{}", std::process::id()));
        let files = ["a", "b", "c"].map(|name| folder.join(name));
        fs::create_dir_all(&files[1]).unwrap();
        fs::write(&files[2], "old").unwrap();
        let attempt = || {
            let mut writes = Writes::default();
            writes.write(files[0].clone(), "new".to_owned());
            writes.write(files[1].clone(), "new".to_owned());
            writes.remove(files[2].clone());
            writes.commit()
        };
        attempt().unwrap_err();
        assert!(!files[0].exists());
        assert_eq!(fs::read_to_string(&files[2]).unwrap(), "old");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left over");
        fs::remove_dir(&files[1]).unwrap();
        attempt().unwrap();
        assert_eq!(fs::read_to_string(&files[1]).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
