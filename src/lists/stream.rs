//! Lists as streams, which fetch pages ahead.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_util::{
    FutureExt as _, Stream, StreamExt, future::BoxFuture, stream::FuturesUnordered,
};

use crate::{
    Page, Result,
    lists::progress::{ListProgress, PagePosition},
};

/// Logto's maximum page size.
const PAGE_SIZE: i64 = 100;
const PREFETCH: usize = 8;
/// Without a total, so many pages are requested beyond the end.
const MAX_PREFETCH: usize = 64;

/// A page by its number, and what came of asking for it.
type Fetched<T> = (i64, Result<Page<T>>);
type Fetch<T> = dyn Fn(i64, i64) -> BoxFuture<'static, Fetched<T>> + Send;

/// All items of a list, in order. The method `stream` of paged operations returns it.
///
/// ```
/// # #[cfg(feature = "users")]
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let mut users = logto.users().list().search("%@example.com").stream();
/// while let Some(user) = users.next().await {
///     println!("{}", user?.id);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It implements [`Stream`], for use with other combinators than [`next`](Self::next). Nothing is
/// sent before it is polled, and dropping it cancels requests in flight.
///
/// It requests pages of 100 items, Logto's maximum, unless the request has another `page_size`, and
/// begins at the request's `page`. The first page is fetched alone, the others ahead of the
/// position, as many at once as [`prefetch`](Self::prefetch) allows: no more than these and the
/// current page are held in memory. Requests only make progress while the stream is polled, while
/// their timeouts continue: if processing an item takes seconds, prefetch fewer pages.
///
/// The request's options, such as `timeout` and `retry`, apply to each page.
///
/// # The end of a list
///
/// The server's total count decides, if it sends one. As long as it says that there are more items,
/// the stream continues, even after a page that is short or empty, and if the server sends smaller
/// pages than requested. If the server sends no more items although some are missing, the stream
/// ends with an error: [`Error::missing_items`](crate::Error::missing_items) has their number. A
/// list without a total ends with a page that is not full. Any list ends when the server sends the
/// same page again.
///
/// An error is returned once, after all items before it; then the stream ends. If the list changes
/// in the meantime, items may be repeated or skipped, as with any pagination.
#[must_use = "a stream sends nothing until it is polled"]
pub struct ItemStream<T> {
    pages: PageStream<T>,
    items: vec::IntoIter<T>,
}

impl<T: Send + 'static> ItemStream<T> {
    /// `fetch` requests a page by its number and size.
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn new<F>(
        page: Option<i64>,
        page_size: Option<i64>,
        fetch: impl Fn(i64, i64) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        let page_size = page_size.unwrap_or(PAGE_SIZE);
        let first = page.unwrap_or(1);
        let items = Vec::new().into_iter();
        let fetch: Box<Fetch<T>> = Box::new(move |number, size| {
            fetch(number, size).map(move |page| (number, page)).boxed()
        });
        let pages = PageStream {
            fetch,
            page_size,
            limit: PREFETCH,
            window: None,
            turn: first,
            next: first,
            ahead: Ahead::First,
            short: i64::MAX,
            progress: ListProgress::new(first, page_size),
        };
        Self { pages, items }
    }

    /// How many pages are requested at once, 8 by default. With 1, a page is requested after the
    /// previous one has arrived. 0 is treated as 1, more than 64 as 64.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.pages = self.pages.prefetch(pages);
        self
    }

    /// The same list page by page. The rest of a page whose items were read partially is dropped.
    pub fn pages(self) -> PageStream<T> {
        self.pages
    }

    /// The next item, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }
}

impl<T> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Also with items at hand: pages under way stand still unless they are polled.
        self.pages.advance(cx);
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_next_unpin(cx)) {
                Some(Ok(page)) => self.items = page.items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The pages of a list, in order, from [`ItemStream::pages`].
#[must_use = "a stream sends nothing until it is polled"]
pub struct PageStream<T> {
    fetch: Box<Fetch<T>>,
    page_size: i64,
    /// How many pages may be in flight or waiting.
    limit: usize,
    /// Made when the stream is polled: this crate would compile it for every kind of list, whether
    /// that is read or not.
    window: Option<Window<T>>,
    /// The page to give next.
    turn: i64,
    /// The page to ask for next.
    next: i64,
    ahead: Ahead,
    /// The first page that came ahead of its turn and looks like the last.
    short: i64,
    progress: ListProgress,
}

/// Pages whose turn has not come.
struct Window<T> {
    in_flight: FuturesUnordered<BoxFuture<'static, Fetched<T>>>,
    waiting: BTreeMap<i64, Result<Page<T>>>,
}

/// How far pages are asked for ahead of their turn.
#[derive(Clone, Copy, Debug)]
enum Ahead {
    /// Not at all: the first page will tell.
    First,
    /// Up to this page, the last by the list's total. Totals may be capped or out of date, so
    /// beyond it one page is tried at a time.
    UpTo(i64),
    /// As far as the limit allows: the total is not known, or wrong.
    Unknown,
    /// No more: the end has been seen.
    Finished,
}

impl<T: Send + 'static> PageStream<T> {
    /// How many pages are requested at once, 8 by default. With 1, a page is requested after the
    /// previous one has arrived. 0 is treated as 1, more than 64 as 64.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.limit = pages.clamp(1, MAX_PREFETCH);
        self
    }

    /// The next page, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Page<T>>> {
        StreamExt::next(self).await
    }
}

impl<T> PageStream<T> {
    /// Asks for what may be asked for, and takes in what has come.
    fn advance(&mut self, cx: &mut Context<'_>) {
        loop {
            while self.may_ask() {
                let page = (self.fetch)(self.next, self.page_size);
                self.window().in_flight.push(page);
                self.next = self.next.saturating_add(1);
            }
            let Poll::Ready(Some((number, page))) = self.window().in_flight.poll_next_unpin(cx)
            else {
                return;
            };
            match &page {
                Ok(page) if self.progress.seems_last(number, page) => {
                    self.short = self.short.min(number);
                }
                Ok(_) => {}
                Err(_) => self.ahead = Ahead::Finished,
            }
            self.window().waiting.insert(number, page);
        }
    }

    fn window(&mut self) -> &mut Window<T> {
        self.window.get_or_insert_with(|| Window {
            in_flight: FuturesUnordered::new(),
            waiting: BTreeMap::new(),
        })
    }

    fn may_ask(&self) -> bool {
        let window = self.window.as_ref();
        let pending = window.map_or(0, |window| window.in_flight.len() + window.waiting.len());
        let last = match self.ahead {
            Ahead::Finished => return false,
            Ahead::First => self.turn,
            Ahead::UpTo(last) => last.min(self.short),
            Ahead::Unknown => self.short,
        };
        pending == 0 || (self.next <= last && pending < self.limit)
    }

    /// The end: what is still under way is of no interest.
    fn finish(&mut self) {
        self.ahead = Ahead::Finished;
        self.window = None;
    }

    /// How far to go on after the page whose turn it is.
    fn ahead(&self) -> Ahead {
        match (self.ahead, self.progress.last_page()) {
            (Ahead::Finished, _) => Ahead::Finished,
            (_, Some(last)) if self.turn <= last || self.progress.missing() > 0 => {
                Ahead::UpTo(last)
            }
            _ => Ahead::Unknown,
        }
    }

    /// Judges the page whose turn it is, and gives it, or how the list ends; or nothing, where
    /// another page comes in its place.
    fn accept(&mut self, mut page: Page<T>) -> Option<Option<Result<Page<T>>>> {
        let origin = page.take_origin();
        let place = self.progress.take(self.turn, &page, origin);
        match place {
            PagePosition::PastEnd => {
                self.finish();
                return Some(self.progress.end().map(Err));
            }
            PagePosition::Last => self.finish(),
            PagePosition::Middle | PagePosition::Gap => self.ahead = self.ahead(),
        }
        self.turn = self.turn.saturating_add(1);
        (!matches!(place, PagePosition::Gap)).then_some(Some(Ok(page)))
    }
}

impl<T> Stream for PageStream<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.advance(cx);
            let turn = self.turn;
            let window = self.window();
            match window.waiting.remove(&turn) {
                Some(Ok(page)) => {
                    if let Some(given) = self.accept(page) {
                        return Poll::Ready(given);
                    }
                }
                Some(Err(error)) => {
                    self.finish();
                    return Poll::Ready(Some(Err(error)));
                }
                None if window.in_flight.is_empty() => return Poll::Ready(None),
                None => return Poll::Pending,
            }
        }
    }
}

// Nothing in them is pinned.
impl<T> Unpin for ItemStream<T> {}
impl<T> Unpin for PageStream<T> {}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("items_at_hand", &self.items.len())
            .field("pages", &self.pages)
            .finish()
    }
}

impl<T> fmt::Debug for PageStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream")
            .field("next_page", &self.turn)
            .field("page_size", &self.page_size)
            .field("in_flight", &self.window.as_ref().map_or(0, |window| window.in_flight.len()))
            .field("waiting", &self.window.as_ref().map_or(0, |window| window.waiting.len()))
            .finish_non_exhaustive()
    }
}

/// Gives the requests of paged operations, which have `page` and `page_size`, their streams.
#[allow(unused_macros, reason = "depends on the enabled features")]
macro_rules! streams {
    ($($request:ident => $item:ty),+ $(,)?) => { $(
        impl $request {
            /// All items from this page on: an [`ItemStream`](crate::ItemStream), which fetches
            /// pages ahead.
            #[inline]
            pub fn stream(mut self) -> crate::ItemStream<$item> {
                self.call.paging.fingerprint = true;
                let (page, page_size) = (self.page, self.page_size);
                crate::ItemStream::new(page, page_size, move |page, page_size| {
                    self.clone().page(page).page_size(page_size).send()
                })
            }
        }
    )+ };
}
#[allow(unused_imports, reason = "depends on the enabled features")]
pub(crate) use streams;
