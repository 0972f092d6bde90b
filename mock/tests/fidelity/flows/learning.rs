//! What a step gave here in place of what was recorded: ids, codes, tokens, cookies.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::Value;

use super::{
    recorded::{Pairs, Step, claims, pairs, value},
    replay::{Replay, Reply},
};

/// Shorter values are no ids.
const SHORTEST: usize = 8;

impl Replay<'_> {
    /// Remembers what a step gave here in place of what was recorded.
    pub(super) fn learn(&mut self, step: &Step, reply: &Reply) {
        let own: BTreeMap<_, _> = set_cookies(&reply.headers).collect();
        for (name, recorded) in set_cookies(&step.response_headers) {
            if let Some(own) = own.get(&name).filter(|own| !own.is_empty()) {
                self.pair_texts(&recorded, own);
                self.cookies.insert((name, recorded), own.clone());
            }
        }
        if let (Some(recorded), Some(own)) = (step.location(), value(&reply.headers, "location")) {
            self.pair_urls(recorded, own);
        }
        if let (Some(recorded), Some(own)) =
            (value(&step.response_headers, "etag"), value(&reply.headers, "etag"))
        {
            self.equate(recorded, own);
        }
        match (step.answer(), reply.json()) {
            (Value::Null, _) | (_, Value::Null) => {
                self.pair_inputs(&step.response_text(), &reply.text);
            }
            (recorded, own) => {
                self.totp = own["secret"].as_str().map(str::to_owned).or(self.totp.take());
                for name in ["registrationOptions", "authenticationOptions"] {
                    if own[name].is_object() {
                        self.options = own[name].clone();
                    }
                }
                let token = own["access_token"].as_str();
                self.access_token = token.unwrap_or(&self.access_token).to_owned();
                self.pair(&recorded, &own);
            }
        }
    }

    fn pair(&mut self, recorded: &Value, own: &Value) {
        match (recorded, own) {
            (Value::String(recorded), Value::String(own)) => self.pair_texts(recorded, own),
            (Value::Array(recorded), Value::Array(own)) => {
                recorded.iter().zip(own).for_each(|(recorded, own)| self.pair(recorded, own));
            }
            (Value::Object(recorded), Value::Object(own)) => {
                for (name, recorded) in recorded {
                    let is_prose = ["message", "error_description"].contains(&name.as_str());
                    if let ("user_code", Some(recorded), Some(own)) = (
                        name.as_str(),
                        recorded.as_str(),
                        own.get("user_code").and_then(Value::as_str),
                    ) {
                        let typed = |code: &str| code.to_lowercase().replace('-', "+");
                        self.equate(&typed(recorded), &typed(own));
                    }
                    if let Some(own) = own.get(name).filter(|_| !is_prose) {
                        self.pair(recorded, own);
                    }
                }
            }
            _ => {}
        }
    }

    fn pair_texts(&mut self, recorded: &str, own: &str) {
        if recorded.starts_with("http") || recorded.starts_with('/') {
            return self.pair_urls(recorded, own);
        }
        if let (Some(recorded), Some(own)) = (claims(recorded), claims(own)) {
            self.pair(&recorded, &own);
        }
        if let (Some((_, recorded)), Some((_, own))) = (urn(recorded), urn(own)) {
            return self.pair_texts(recorded, own);
        }
        let is_id = |text: &str| {
            text.len() >= SHORTEST
                && !text.contains(|c: char| c.is_whitespace() || ":/".contains(c))
        };
        if recorded != own && is_id(recorded) && is_id(own) {
            self.equate(recorded, own);
        }
    }

    fn pair_urls(&mut self, recorded: &str, own: &str) {
        let base = Url::parse("http://host").unwrap();
        let (Ok(recorded), Ok(own)) = (base.join(recorded), base.join(own)) else { return };
        let segments = recorded.path().split('/').zip(own.path().split('/'));
        segments.for_each(|(recorded, own)| self.pair_texts(recorded, own));
        let parts = [(recorded.query(), own.query()), (recorded.fragment(), own.fragment())];
        for (recorded, own) in parts {
            let own = pairs(own.unwrap_or_default());
            for (name, recorded) in pairs(recorded.unwrap_or_default()) {
                let described = name == "error_description" || name == "state";
                if let Some(own) = value(&own, &name).filter(|_| !described) {
                    self.pair_texts(&recorded, own);
                }
            }
        }
    }

    fn pair_inputs(&mut self, recorded: &str, own: &str) {
        let own: Pairs = inputs(own).collect();
        for (name, recorded) in inputs(recorded) {
            if let Some(own) = value(&own, &name) {
                self.pair_texts(&recorded, own);
            }
        }
    }
}

/// The hidden fields of a page.
fn inputs(page: &str) -> impl Iterator<Item = (String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    let tags = page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    tags.filter_map(move |tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
}

pub(super) fn set_cookies(headers: &Pairs) -> impl Iterator<Item = (String, String)> {
    let lines = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    lines.filter_map(|(_, line)| {
        let (name, value) = line.split(';').next()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    })
}

/// A URN's last part.
fn urn(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("urn:")?.rsplit_once(':')
}
