//! A page of a list.

use std::{
    hash::{DefaultHasher, Hasher as _},
    ops::Deref,
    slice, vec,
};

use reqwest::header::HeaderMap;
use serde::{Serialize, Serializer};

/// A page of a list, which derefs to a slice of its items.
///
/// ```
/// # fn show(page: logto_api::Page<String>) {
/// println!("{} of {:?}", page.len(), page.total());
/// for item in page {
///     println!("{item}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    total: Option<u64>,
    page: u64,
    page_size: Option<u64>,
    /// For a stream that asked for it.
    origin: Option<Origin>,
}

/// Where a page comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Origin {
    /// Tells pages with different content apart.
    pub(crate) fingerprint: u64,
    /// The operation that returned the page.
    pub(crate) operation: &'static str,
}

impl<T> Page<T> {
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn new(
        items: Vec<T>,
        headers: &HeaderMap,
        page: Option<i64>,
        page_size: Option<i64>,
    ) -> Self {
        let total = headers.get("total-number").and_then(|total| {
            let total = total.to_str().ok()?;
            total.trim().parse().ok()
        });
        let positive = |number: i64| u64::try_from(number).ok();
        Self {
            items,
            total,
            page: page.and_then(positive).unwrap_or(1),
            page_size: page_size.and_then(positive),
            origin: None,
        }
    }

    /// Adds the operation and a fingerprint of the body.
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn of_body(mut self, operation: &'static str, body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        self.origin = Some(Origin { fingerprint: hasher.finish(), operation });
        self
    }

    pub(crate) fn take_origin(&mut self) -> Option<Origin> {
        self.origin.take()
    }

    /// The number of items on all pages, if the server sends it. Some lists only do so if a page is
    /// requested.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The number of this page, starting with 1.
    pub fn page(&self) -> u64 {
        self.page
    }

    /// The requested page size; `None` for the server's default.
    pub fn page_size(&self) -> Option<u64> {
        self.page_size
    }
}

impl<T> Deref for Page<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// A page is written as the array of its items.
impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn is_a_slice_with_a_total() {
        let mut headers = HeaderMap::new();
        headers.insert("total-number", HeaderValue::from_static("69"));
        let page = Page::new(vec![1, 2], &headers, Some(3), None);
        assert_eq!((page.total(), page.page(), page.page_size()), (Some(69), 3, None));
        assert_eq!((page.len(), page[1], page.first()), (2, 2, Some(&1)));
        assert_eq!((&page).into_iter().sum::<i32>(), 3);
        assert_eq!(serde_json::to_string(&page).unwrap(), "[1,2]");
        assert_eq!(page.items, [1, 2]);
    }

    #[test]
    fn a_total_that_is_no_number_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert("total-number", HeaderValue::from_static("many"));
        assert_eq!(Page::<()>::new(vec![], &headers, Some(-1), Some(5)).total(), None);
    }
}
