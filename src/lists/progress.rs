//! How much of a list has arrived, and how much there is by the server's count.

use std::collections::HashSet;

use crate::{Error, Page, lists::page::Origin};

/// The progress of a list, according to the pages so far.
pub(crate) struct ListProgress {
    first: i64,
    /// The number of items of a full page: the requested one, unless the server sends others.
    size: u64,
    taken: u64,
    total: Option<u64>,
    /// The fingerprints of all pages.
    seen: HashSet<u64>,
    operation: &'static str,
}

/// The position of a page in its list.
pub(crate) enum PagePosition {
    /// There may be more pages after it.
    Middle,
    /// It is the last page.
    Last,
    /// It has no items, or no new ones, but other pages may follow.
    Gap,
    /// The page does not exist: the list has ended before it.
    PastEnd,
}

impl ListProgress {
    pub(crate) fn new(first: i64, page_size: i64) -> Self {
        Self {
            first,
            size: page_size.max(1).unsigned_abs(),
            taken: 0,
            total: None,
            seen: HashSet::new(),
            operation: "",
        }
    }

    /// The last page by the list's total, if that is known.
    pub(crate) fn last_page(&self) -> Option<i64> {
        self.last_page_of(self.total)
    }

    fn last_page_of(&self, total: Option<u64>) -> Option<i64> {
        total.map(|total| i64::try_from(total.div_ceil(self.size)).unwrap_or(i64::MAX))
    }

    /// Whether a page that has come before its turn looks like the last one.
    pub(crate) fn seems_last<T>(&self, number: i64, page: &Page<T>) -> bool {
        let last = self.last_page_of(page.total().or(self.total));
        self.is_short(page.len()) && last.is_none_or(|last| last <= number)
    }

    fn is_short(&self, items: usize) -> bool {
        count(items) < self.size
    }

    /// Takes in the page whose turn it is.
    pub(crate) fn take<T>(
        &mut self,
        number: i64,
        page: &Page<T>,
        origin: Option<Origin>,
    ) -> PagePosition {
        self.total = page.total().or(self.total);
        self.operation = origin.map_or(self.operation, |origin| origin.operation);
        if number == self.first {
            self.adapt(count(page.len()));
        }
        if origin.is_some_and(|origin| !self.seen.insert(origin.fingerprint)) {
            return PagePosition::PastEnd;
        }
        if page.is_empty() {
            let more = self.last_page().is_some_and(|last| number < last);
            return if more { PagePosition::Gap } else { PagePosition::PastEnd };
        }
        self.taken = self.taken.saturating_add(count(page.len()));
        match self.is_short(page.len()) && self.missing() == 0 {
            true => PagePosition::Last,
            false => PagePosition::Middle,
        }
    }

    /// Some servers give other pages than they are asked for, such as 50 items for 100: the first
    /// page shows it, if there is more by the total.
    fn adapt(&mut self, items: u64) {
        let more = self.total.is_some_and(|total| self.before().saturating_add(items) < total);
        if items > self.size || (items > 0 && more) {
            self.size = items;
        }
    }

    /// How many items come before the first page.
    fn before(&self) -> u64 {
        self.size.saturating_mul(u64::try_from(self.first.saturating_sub(1)).unwrap_or(0))
    }

    /// How many items have not come, by the server's newest count. It may be too low.
    pub(crate) fn missing(&self) -> u64 {
        let come = self.before().saturating_add(self.taken);
        self.total.unwrap_or_default().saturating_sub(come)
    }

    /// Nothing more comes: why that is an error, if it is.
    pub(crate) fn end(&self) -> Option<Error> {
        let missing = self.missing();
        (missing > 0).then(|| {
            Error::incomplete(missing, self.total.unwrap_or_default())
                .with_operation(self.operation)
        })
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
