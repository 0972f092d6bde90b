//! Lists as streams, against a server that answers each page when and how a test wants.

#![cfg(feature = "users")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, future, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::RawQuery, http::Response};
use futures_util::{Stream, TryStreamExt};
use logto_api::{Client, ItemStream, PageStream, models::User};
use serde_json::json;
use tokio::sync::watch;

/// A page that was asked for.
#[derive(Clone, Debug)]
struct Asked {
    page: usize,
    size: usize,
    query: String,
}

/// What has happened on the server.
#[derive(Default)]
struct Log {
    asked: Vec<Asked>,
    answered: Vec<usize>,
    in_flight: usize,
    most_in_flight: usize,
}

impl Log {
    fn asked_for(&self, page: usize) -> bool {
        self.asked.iter().any(|asked| asked.page == page)
    }
}

#[derive(Clone)]
struct Server {
    log: Arc<watch::Sender<Log>>,
}

impl Server {
    /// Starts a server that answers each page as `answer` says, when `answer` says.
    async fn start<F>(
        answer: impl Fn(Asked, Server) -> F + Clone + Send + Sync + 'static,
    ) -> (Client, Self)
    where
        F: Future<Output = Response<Body>> + Send,
    {
        let server = Self { log: Arc::new(watch::Sender::new(Log::default())) };
        let state = server.clone();
        let router = Router::new().fallback(move |RawQuery(query): RawQuery| {
            let (answer, server) = (answer.clone(), state.clone());
            async move {
                let asked = asked(&query.unwrap_or_default());
                let served = server.begin(asked.clone());
                let response = answer(asked.clone(), server.clone()).await;
                drop(served);
                server.log.send_modify(|log| log.answered.push(asked.page));
                response
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (Client::builder(endpoint).bearer_token("a-token").build().unwrap(), server)
    }

    fn begin(&self, asked: Asked) -> InFlight {
        self.log.send_modify(|log| {
            log.asked.push(asked);
            log.in_flight += 1;
            log.most_in_flight = log.most_in_flight.max(log.in_flight);
        });
        InFlight(self.clone())
    }

    /// Waits until something has happened.
    async fn until(&self, happened: impl FnMut(&Log) -> bool) {
        self.log.subscribe().wait_for(happened).await.unwrap();
    }

    fn asked(&self) -> Vec<Asked> {
        self.log.borrow().asked.clone()
    }

    fn pages(&self) -> Vec<usize> {
        self.asked().iter().map(|asked| asked.page).collect()
    }
}

/// Over when it is dropped: answered, or given up by the client.
struct InFlight(Server);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.log.send_modify(|log| log.in_flight -= 1);
    }
}

fn asked(query: &str) -> Asked {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).unwrap().1.parse().unwrap()
    };
    Asked { page: number("page"), size: number("page_size"), query: query.to_owned() }
}

fn response(total: Option<&str>, names: impl Iterator<Item = usize>) -> Response<Body> {
    let users: Vec<_> = names
        .map(|n| {
            json!({"id": n.to_string(), "customData": {}, "identities": {}, "createdAt": 1,
                "updatedAt": 1, "profile": {}, "isSuspended": false, "name": "hunter2"})
        })
        .collect();
    let mut response = Response::builder().header("content-type", "application/json");
    if let Some(total) = total {
        response = response.header("total-number", total);
    }
    response.body(Body::from(serde_json::to_vec(&users).unwrap())).unwrap()
}

/// A page of a list of so many users.
fn page_of(count: usize, total: Option<&str>, asked: &Asked) -> Response<Body> {
    let first = (asked.page - 1) * asked.size;
    response(total, first.min(count)..(first + asked.size).min(count))
}

fn failure() -> Response<Body> {
    Response::builder().status(500).body(Body::from(r#"{"code":"oops"}"#)).unwrap()
}

async fn ids(stream: ItemStream<User>) -> Vec<usize> {
    let users: Vec<_> = within(stream.try_collect()).await.unwrap();
    users.iter().map(|user| user.id.parse().unwrap()).collect()
}

/// For what would wait for ever if it went wrong.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("it hangs")
}

#[tokio::test]
async fn items_come_in_order_whatever_order_pages_come_in() {
    let (logto, _) = Server::start(|asked, server| async move {
        match asked.page {
            2 => server.until(|log| log.answered.contains(&5)).await,
            3 => server.until(|log| log.answered.contains(&2)).await,
            _ => {}
        }
        page_of(19, Some("19"), &asked)
    })
    .await;
    let found = ids(logto.users().list().page_size(2).stream()).await;
    assert_eq!(found, Vec::from_iter(0..19));
}

#[tokio::test]
async fn as_many_pages_are_in_flight_as_was_asked_for() {
    for (limit, expected) in [(None, 8), (Some(3), 3), (Some(1), 1), (Some(0), 1)] {
        // A page is answered when as many as may be are in flight, or no more can be.
        let (logto, server) = Server::start(move |asked, server| async move {
            if asked.page > 1 {
                let last = (asked.page + expected - 1).min(20);
                server.until(|log| log.asked_for(last)).await;
            }
            page_of(39, Some("39"), &asked)
        })
        .await;
        let mut stream = logto.users().list().page_size(2).stream();
        if let Some(limit) = limit {
            stream = stream.prefetch(limit);
        }
        assert_eq!(ids(stream).await.len(), 39);
        assert_eq!(server.log.borrow().most_in_flight, expected);
        assert_eq!(server.pages()[0], 1);
        assert_eq!(server.asked().len(), 20);
    }
}

#[tokio::test]
async fn the_first_page_is_asked_for_alone() {
    let (logto, server) =
        Server::start(|asked, _| async move { page_of(3, Some("3"), &asked) }).await;
    let mut stream = logto.users().list().page_size(4).stream();
    assert!(server.pages().is_empty(), "nothing is sent before the stream is polled");
    assert_eq!(stream.next().await.unwrap().unwrap().id, "0");
    assert_eq!(ids(stream).await, [1, 2]);
    assert_eq!(server.pages(), [1], "a short page is the last");
}

#[tokio::test]
async fn a_list_ends_where_its_items_do() {
    for (count, total, last_asked) in [
        (0, Some("0"), 1),
        (1, Some("1"), 1),
        (2, Some("2"), 2),
        (4, Some("4"), 3),
        (5, Some("5"), 3),
        (15, Some("2"), 8),
        (15, Some("6"), 8),
        (15, Some("0"), 8),
        (15, None, 8),
        (15, Some("many"), 8),
    ] {
        let (logto, server) =
            Server::start(move |asked, _| async move { page_of(count, total, &asked) }).await;
        let list = logto.users().list().page_size(2);
        let case = format!("{count} users, total {total:?}");
        let one_by_one = list.clone().stream().prefetch(1);
        assert_eq!(ids(one_by_one).await, Vec::from_iter(0..count), "{case}");
        assert_eq!(server.pages(), Vec::from_iter(1..=last_asked), "{case}");
        assert_eq!(ids(list.stream()).await, Vec::from_iter(0..count), "{case}");
    }
}

#[tokio::test]
async fn no_page_beyond_the_total_is_asked_for_ahead() {
    let (logto, server) = Server::start(|asked, server| async move {
        if asked.page > 1 {
            server.until(|log| log.asked_for(4)).await;
        }
        if asked.page > 4 {
            assert_eq!(server.log.borrow().in_flight, 1, "page 5 is tried when all others came");
        }
        page_of(8, Some("8"), &asked)
    })
    .await;
    assert_eq!(ids(logto.users().list().page_size(2).stream()).await.len(), 8);
    assert_eq!(BTreeSet::from_iter(server.pages()), BTreeSet::from_iter(1..=5));
}

#[tokio::test]
async fn a_total_that_was_wrong_is_not_believed_again() {
    // Totals may be capped. Beyond this one, pages only come when others are in flight.
    let (logto, _) = Server::start(|asked, server| async move {
        if (4..10).contains(&asked.page) {
            server.until(|log| log.asked_for(asked.page + 1)).await;
        }
        page_of(19, Some("4"), &asked)
    })
    .await;
    assert_eq!(ids(logto.users().list().page_size(2).stream()).await.len(), 19);
}

#[tokio::test]
async fn what_was_fetched_beyond_the_end_does_not_matter() {
    // Of the pages beyond the end, some fail and some never come.
    let (logto, server) = Server::start(|asked, server| async move {
        match asked.page {
            3 => server.until(|log| log.answered.contains(&5)).await,
            4 | 5 => return failure(),
            6.. => future::pending().await,
            _ => {}
        }
        page_of(5, None, &asked)
    })
    .await;
    assert_eq!(ids(logto.users().list().page_size(2).stream()).await, [0, 1, 2, 3, 4]);
    server.until(|log| log.in_flight == 0).await;
}

#[tokio::test]
async fn a_page_that_comes_again_is_the_end() {
    for period in 1..4 {
        let pages = move |total: Option<&'static str>| {
            Server::start(move |asked, _| async move {
                let first = (asked.page - 1) % period * asked.size;
                response(total, first..first + asked.size)
            })
        };
        for total in [None, Some("0"), Some("2")] {
            let (logto, _) = pages(total).await;
            let list = logto.users().list().page_size(2);
            let all = Vec::from_iter(0..period * 2);
            assert_eq!(ids(list.clone().stream()).await, all, "{total:?}");
            assert_eq!(ids(list.stream().prefetch(1)).await, all, "{total:?}");
        }
        let (logto, _) = pages(Some("1000")).await;
        let (found, missing) = end(logto.users().list().page_size(2).stream()).await;
        assert_eq!((found.len(), missing), (period * 2, Some(1000 - period as u64 * 2)));
    }
}

/// The items of a stream, and how many are missing by the error that it ends with.
async fn end(mut stream: ItemStream<User>) -> (Vec<usize>, Option<u64>) {
    let mut found = Vec::new();
    while let Some(item) = within(stream.next()).await {
        match item {
            Ok(user) => found.push(user.id.parse().unwrap()),
            Err(error) => {
                let missing = error.missing_items();
                assert!(missing.is_some_and(|missing| missing > 0), "{error}");
                assert!(error.to_string().contains("are missing (operation ListUsers)"), "{error}");
                assert!(stream.next().await.is_none());
                return (found, missing);
            }
        }
    }
    (found, None)
}

#[tokio::test]
async fn what_the_server_counts_and_does_not_give_is_missing() {
    for (count, total, last_asked) in [
        (0, "1", 1),
        (0, "5", 2),
        (3, "4", 3),
        (4, "5", 3),
        (3, "1000", 4),
        (15, "18446744073709551615", 10),
    ] {
        let (logto, server) =
            Server::start(move |asked, _| async move { page_of(count, Some(total), &asked) }).await;
        let list = logto.users().list().page_size(2);
        let expected =
            (Vec::from_iter(0..count), Some(total.parse::<u64>().unwrap() - count as u64));
        let one_by_one = list.clone().stream().prefetch(1);
        assert_eq!(end(one_by_one).await, expected, "{count} of {total}");
        assert_eq!(server.pages(), Vec::from_iter(1..=last_asked), "{count} of {total}");
        assert_eq!(end(list.stream()).await, expected, "{count} of {total}");
    }
}

#[tokio::test]
async fn a_list_goes_on_after_a_page_that_is_short_or_empty() {
    for (short, left) in [(1, 0), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1), (5, 0)] {
        let (logto, _) = Server::start(move |asked, _| async move {
            let first = (asked.page - 1) * 2;
            let items = if asked.page == short { left } else { 2 };
            response(Some("10"), first..(first + items).min(10).max(first))
        })
        .await;
        let list = logto.users().list().page_size(2);
        for pages in [1, 8] {
            let (found, missing) = end(list.clone().stream().prefetch(pages)).await;
            let gap = (short - 1) * 2 + left..short * 2;
            let expected: Vec<_> = (0..10).filter(|id| !gap.contains(id)).collect();
            assert_eq!((found, missing), (expected, Some(2 - left as u64)), "{short} {left}");
        }
    }
}

#[tokio::test]
async fn the_server_may_give_other_pages_than_it_is_asked_for() {
    for (size, total) in [(50, 250), (50, 500), (30, 250), (100, 250), (150, 500), (99, 100)] {
        let (logto, server) = Server::start(move |asked, _| async move {
            let asked = Asked { size, ..asked };
            page_of(total, Some(&total.to_string()), &asked)
        })
        .await;
        for pages in [1, 8] {
            let found = ids(logto.users().list().page_size(100).stream().prefetch(pages));
            assert_eq!(found.await, Vec::from_iter(0..total), "{size} of {total}");
        }
        let from_the_second = logto.users().list().page(2).page_size(100).stream();
        assert_eq!(ids(from_the_second).await, Vec::from_iter(size.min(total)..total));
        assert!(server.log.borrow().most_in_flight <= 8);
    }
}

#[tokio::test]
async fn a_list_that_shrinks_while_it_is_read_lacks_nothing() {
    let (logto, _) = Server::start(|asked, _| async move {
        let total = if asked.page < 3 { "6" } else { "5" };
        page_of(total.parse().unwrap(), Some(total), &asked)
    })
    .await;
    assert_eq!(end(logto.users().list().page_size(2).stream()).await, (vec![0, 1, 2, 3, 4], None));
}

#[tokio::test]
async fn an_error_comes_after_what_was_before_it_and_is_the_end() {
    for (limit, asked_in_all) in [(1, 3), (4, 5)] {
        let (logto, server) = Server::start(move |asked, server| async move {
            match asked.page {
                // The failure is there long before its turn.
                2 if limit > 1 => server.until(|log| log.answered.contains(&3)).await,
                3 => return failure(),
                _ => {}
            }
            page_of(100, Some("100"), &asked)
        })
        .await;
        let mut stream = logto.users().list().page_size(2).stream().prefetch(limit);
        for id in 0..4 {
            let user = within(stream.next()).await.unwrap().unwrap();
            assert_eq!(user.id, id.to_string());
        }
        // Whatever has been sent by now is there before this.
        let other = logto.users().list().page(99).page_size(1);
        assert_eq!(other.clone().send().await.unwrap().len(), 1);
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.is_server_error() && error.has_code("oops"), "{error}");
        assert_eq!(error.operation(), Some("ListUsers"));
        let asked = server.asked().len();
        for _ in 0..3 {
            assert!(stream.next().await.is_none());
        }
        assert_eq!(other.send().await.unwrap().len(), 1);
        assert_eq!(server.asked().len(), asked + 1);
        assert_eq!(asked, asked_in_all + 1);
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_takes_back_what_is_under_way() {
    let (logto, server) = Server::start(|asked, _| async move {
        if asked.page > 1 {
            future::pending::<()>().await;
        }
        page_of(100, Some("100"), &asked)
    })
    .await;
    let mut stream = logto.users().list().page_size(2).stream();
    for _ in 0..2 {
        within(stream.next()).await.unwrap().unwrap();
    }
    tokio::select! {
        _ = stream.next() => panic!("page 2 never comes"),
        () = server.until(|log| log.in_flight == 8) => {}
    }
    drop(stream);
    within(server.until(|log| log.in_flight == 0)).await;
    assert!(logto.users().list().page(1).page_size(2).send().await.is_ok());
}

#[tokio::test]
async fn every_page_is_asked_for_like_the_first() {
    let (logto, server) =
        Server::start(|asked, _| async move { page_of(25, Some("25"), &asked) }).await;
    let list = logto.users().list().search("%a b%").page(2).page_size(5);
    assert_eq!(ids(list.stream()).await, Vec::from_iter(5..25));
    assert_eq!(BTreeSet::from_iter(server.pages()), BTreeSet::from_iter(2..=6));
    for asked in server.asked() {
        assert_eq!(asked.size, 5);
        assert!(asked.query.contains("search=%25a+b%25"), "{}", asked.query);
    }

    assert_eq!(ids(logto.users().list().stream()).await.len(), 25);
    let asked = server.asked().pop().unwrap();
    assert_eq!((asked.page, asked.size), (1, 100), "{}", asked.query);
}

#[tokio::test]
async fn a_list_can_be_read_page_by_page() {
    let (logto, _) = Server::start(|asked, _| async move { page_of(5, Some("5"), &asked) }).await;
    let list = logto.users().list().page_size(2);
    let mut pages = list.clone().stream().pages();
    for number in 1..=3 {
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.page(), page.page_size(), page.total()), (number, Some(2), Some(5)));
        let sent = list.clone().page(i64::try_from(number).unwrap()).send().await.unwrap();
        assert_eq!(page, sent, "it is the page that `send` gives");
    }
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_an_error_of_the_stream() {
    let (logto, server) =
        Server::start(|asked, _| async move { page_of(5, Some("5"), &asked) }).await;
    let mut stream = logto.users().list().header("no header", "x").stream();
    assert!(stream.next().await.unwrap().unwrap_err().is_invalid_request());
    assert!(stream.next().await.is_none());
    assert!(server.pages().is_empty());
}

#[tokio::test]
async fn streams_can_be_sent_and_shown() {
    fn check<S: Stream + Send + Unpin + 'static>(stream: S) -> S {
        stream
    }
    let (logto, _) = Server::start(|asked, _| async move { page_of(5, Some("5"), &asked) }).await;
    let mut items: ItemStream<User> = check(logto.users().list().page_size(2).stream());
    items.next().await.unwrap().unwrap();
    assert!(!format!("{items:?}").contains("hunter2"), "{items:?}");
    let mut pages: PageStream<User> = check(logto.users().list().page_size(2).stream().pages());
    pages.next().await.unwrap().unwrap();
    assert!(!format!("{pages:?}").contains("hunter2"), "{pages:?}");
}
