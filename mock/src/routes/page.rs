//! Pages of lists.

use axum::{
    http::{HeaderMap, HeaderValue, header::LINK},
    response::Response,
};
use serde_json::Value;

use crate::{routes::reply, rules::errors::Failure, state::params::Params};

/// Which part of a list is asked for.
pub(crate) struct Page {
    number: usize,
    size: usize,
    /// Everything at once, without headers.
    whole: bool,
    query: Params,
}

impl Page {
    pub(crate) fn of(query: &Params) -> Result<Self, Failure> {
        Ok(Self {
            number: positive(query, "page", 1, usize::MAX)?,
            size: positive(query, "page_size", 20, 100)?,
            whole: false,
            query: query.clone(),
        })
    }

    /// Of a list that comes whole unless a page is asked for.
    pub(crate) fn if_asked(query: &Params) -> Result<Self, Failure> {
        let asked = ["page", "page_size"].iter().any(|key| query.get(key).is_some());
        Ok(Self { whole: !asked, ..Self::of(query)? })
    }

    /// The page of these items, with the headers that say how many there are.
    pub(crate) fn answer(&self, url: &str, items: Vec<Value>) -> Response {
        self.answer_with(url, items, |item| item)
    }

    /// The same, where only what is shown is worth making.
    pub(crate) fn answer_with<T>(
        &self,
        url: &str,
        items: Vec<T>,
        show: impl Fn(T) -> Value,
    ) -> Response {
        if self.whole {
            return reply::ok(&items.into_iter().map(show).collect());
        }
        let total = items.len();
        let skipped = (self.number - 1).saturating_mul(self.size);
        let shown = items.into_iter().skip(skipped).take(self.size).map(show);
        let mut response = reply::ok(&shown.collect());
        let headers = response.headers_mut();
        headers.insert("total-number", HeaderValue::from(total));
        let last = total.div_ceil(self.size).max(1);
        self.link(headers, url, 1, "first");
        if self.number > 1 {
            self.link(headers, url, self.number - 1, "prev");
        }
        self.link(headers, url, last, "last");
        if self.number < last {
            self.link(headers, url, self.number + 1, "next");
        }
        response
    }

    fn link(&self, headers: &mut HeaderMap, url: &str, page: usize, relation: &str) {
        let mut query = self.query.clone();
        query.set("page", &page.to_string());
        let link = format!("<{url}?{}>; rel=\"{relation}\"", query.encode());
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.append(LINK, link);
        }
    }
}

fn positive(query: &Params, key: &str, default: usize, max: usize) -> Result<usize, Failure> {
    match query.get(key).unwrap_or_default() {
        "" => Ok(default),
        text => text
            .parse()
            .ok()
            .filter(|n| (1..=max).contains(n))
            .ok_or_else(|| Failure::new(400, "guard.invalid_pagination")),
    }
}
