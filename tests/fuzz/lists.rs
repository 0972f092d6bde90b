//! The pages of a list, each a status, headers and a body; a body such as `50 a` stands for 50
//! items whose names begin with `a`.

use std::{cell::RefCell, rc::Rc};

use serde_json::{Value, json};

use crate::{
    desk::{self, Asked},
    message::Message,
    told,
};

pub(crate) fn target(input: &[u8]) {
    let pages: Vec<_> = Message::read_all(input).into_iter().map(filled).collect();
    // Page by page, the newest total counts; ahead of their turn, some are not looked at.
    let (count, complete, totals) = read(input, &pages, 1);
    let newest = totals.iter().flatten().next_back().copied().unwrap_or_default();
    assert!(!complete || count >= newest, "{count} of {newest}");
    let (count, complete, totals) = read(input, &pages, 8);
    let least = totals.iter().map(|total| total.unwrap_or_default()).min().unwrap_or_default();
    assert!(!complete || count >= least, "{count} of {least}");
}

/// How many items came, whether these were called all, and the total that the server told with each page.
fn read(input: &[u8], pages: &[Message], in_flight: usize) -> (u64, bool, Vec<Option<u64>>) {
    let totals = Rc::new(RefCell::new(Vec::new()));
    let (told, answers) = (totals.clone(), pages.to_vec());
    let script = move |asked: &Asked| {
        let mut pairs = asked.url.query_pairs();
        let page = pairs.find(|(name, _)| name == "page").map(|(_, page)| page.into_owned());
        let page: usize = page.unwrap().parse().unwrap();
        let answer = answers.get(page - 1).or(answers.last()).unwrap().clone();
        let total = answer.headers.get("total-number").and_then(|total| total.to_str().ok());
        told.borrow_mut().push(total.and_then(|total| total.parse::<u64>().ok()));
        answer
    };
    let client = desk::client();
    let stream = client.organization_scopes().list().stream();
    let mut stream = stream.prefetch(in_flight);
    let (count, error) = desk::run(script, async {
        let mut count = 0;
        loop {
            match stream.next().await {
                None => break (count, None),
                Some(Ok(_)) => count += 1,
                Some(Err(error)) => {
                    assert!(stream.next().await.is_none(), "it goes on after {error}");
                    break (count, Some(error));
                }
            }
        }
    });
    // A total may be far too high, but is not believed for long.
    assert!(desk::requests() <= 2 * pages.len() + 70, "{} requests", desk::requests());
    if let Some(error) = &error {
        told::check(error, input);
    }
    (count, error.is_none(), totals.take())
}

fn filled(mut page: Message) -> Message {
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let mut words = text.split_whitespace();
    if let Some(Ok(items)) = words.next().map(str::parse::<usize>) {
        let name = words.next().unwrap_or_default();
        let item = |number: usize| {
            let id = format!("{name}{number}");
            json!({"tenantId": "t", "id": id, "name": "n", "description": null})
        };
        page.body = Value::from_iter((0..items.min(300)).map(item)).to_string().into_bytes();
    }
    page
}
