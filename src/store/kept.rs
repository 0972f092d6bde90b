//! Tokens that are read, put and removed, whoever renews them.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{Slot, StoreError, entry::Entry};

impl<T: Clone + Serialize + DeserializeOwned> Slot<T> {
    /// What is kept.
    pub(crate) async fn load(&self) -> Result<Option<T>, StoreError> {
        Ok(self.read().await?.and_then(|(_, entry)| entry.value))
    }

    /// Keeps these, whatever was kept before.
    pub(crate) async fn put(&self, value: &T) -> Result<(), StoreError> {
        loop {
            let before = self.read().await?.map(|(text, _)| text);
            let entry = Entry::new(Some(value.clone()), None);
            if self.write(before.as_deref(), &entry).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Changes what is kept, where `change` says so: also while somebody renews it.
    pub(crate) async fn change(&self, change: impl Fn(&mut T) -> bool) -> Result<(), StoreError> {
        while let Some((before, mut entry)) = self.read().await? {
            let changed = entry.value.as_mut().is_some_and(&change);
            if !changed || self.write(Some(&before), &entry).await?.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Removes what is kept, and whether there was anything.
    pub(crate) async fn remove(&self) -> Result<bool, StoreError> {
        let store = &self.store.0;
        while let Some(before) = store.load(&self.key).await? {
            if store.compare_and_set(&self.key, Some(&before), None, Duration::ZERO).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
