//! The URL that a browser comes back to.

use std::{cell::RefCell, rc::Rc};

use logto_api::reqwest::Url;

use crate::{
    desk::{self, Asked, ENDPOINT, REDIRECT_URI},
    message::Message,
    told,
};

pub(crate) fn target(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let sent = Rc::new(RefCell::new(Vec::new()));
    let forms = sent.clone();
    let script = move |asked: &Asked| match asked.url.path() {
        "/oidc/token" => {
            forms.borrow_mut().push(asked.body.clone());
            Message::of(400, r#"{"error":"invalid_grant"}"#)
        }
        // A server that names itself in its answers.
        "/oidc/.well-known/openid-configuration" => Message::of(
            200,
            r#"{"authorization_response_iss_parameter_supported":true,"issuer":"https://acme.logto.app/oidc"}"#,
        ),
        _ => Message::of(404, "{}"),
    };
    let error = desk::run(script, desk::redeem(&text)).unwrap_err();
    told::check(&error, input);
    let forms = sent.borrow();
    match answered(&text) {
        Some(code) => {
            assert_eq!(forms.len(), 1, "{error}");
            let found = form_value(&forms[0], "code");
            assert_eq!(found.as_deref(), Some(&*code));
        }
        None => assert!(forms.is_empty(), "{text} was taken"),
    }
}

/// The code of an answer in which all is as it should be.
fn answered(text: &str) -> Option<String> {
    let (url, expected) = (Url::parse(text).ok()?, Url::parse(REDIRECT_URI).unwrap());
    let place = |url: &Url| url.as_str().split(['?', '#']).next().map(str::to_owned);
    if place(&url) != place(&expected) {
        return None;
    }
    let values = |name: &str| -> Vec<String> {
        let pairs = url.query_pairs().filter(|(found, _)| found == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    let right = values("state") == ["st4te-0f-the-request"]
        && values("iss") == [format!("{ENDPOINT}/oidc")]
        && values("tenant").contains(&"1".to_owned())
        && matches!(values("error").as_slice(), [] | [_])
        && values("error").iter().all(String::is_empty);
    let codes = values("code");
    (right && codes.len() == 1 && !codes[0].is_empty()).then(|| codes[0].clone())
}

fn form_value(form: &str, name: &str) -> Option<String> {
    let url = Url::parse(&format!("https://acme.com/?{form}")).unwrap();
    let mut pairs = url.query_pairs();
    pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
