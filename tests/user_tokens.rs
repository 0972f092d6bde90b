//! The tokens of users who sign in: how they are had, believed, renewed and kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sign-in")]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_lc_rs::digest;
use clock::TestClock;
use desk::{Desk, Reply, Seen, begun};
use issuer::{Key, encode, hs256, unsigned};
use logto_api::{
    Client, Error, Method, Result, RetryPolicy,
    reqwest::Url,
    sign_in::{PendingAuthorization, StoredTokens, UserTokens},
};
use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

const TOKEN: &str = "/oidc/token";
const JWKS: &str = "/oidc/jwks";
const ME: &str = "/oidc/me";
const METADATA: &str = "/oidc/.well-known/openid-configuration";
const ACCOUNT: &str = "/api/my-account";
const SESSIONS: &str = "/api/my-account/sessions";
const SCOPE: &str = "openid profile offline_access";

/// What must never be shown, wherever it comes from.
const SECRETS: [&str; 9] = [
    "st4te",
    "n0nce",
    "ver1fier",
    "c0de",
    "s3cret",
    "opaque-1",
    "opaque-2",
    "refresh-1",
    "refresh-2",
];

/// A Logto whose refresh tokens are good once.
struct Logto {
    desk: Desk,
    clock: TestClock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    jwks: Vec<Value>,
    /// The ID token of the next token answers.
    id_token: Option<String>,
    /// What is answered to token requests before all else.
    replies: VecDeque<Reply>,
    /// The number of the tokens that were given last.
    number: usize,
    life: u64,
    without_refresh: bool,
    me: Value,
    /// What it tells of itself, if anything.
    metadata: Option<Value>,
    /// What is answered in place of it.
    me_refusal: Option<Value>,
    /// Tokens lack what the account's sessions take.
    lacking: bool,
    /// Access tokens that are not taken any more.
    refused: Vec<String>,
    /// Holds token answers back.
    gate: Option<Arc<Semaphore>>,
    /// Holds keys back.
    key_gate: Option<Arc<Semaphore>>,
    /// A refresh token is good once more after it was used, as Logto's are for three seconds.
    takes_twice: bool,
}

impl State {
    fn answer(&mut self, seen: &Seen) -> Reply {
        match seen.target.as_str() {
            JWKS => Reply::json(200, &json!({"keys": self.jwks})),
            TOKEN => self.token(&form(seen)),
            _ if self.refuses(seen) => Reply::json(401, &json!({"error": "invalid_token"})),
            ME => match &self.me_refusal {
                Some(refusal) => Reply::json(403, refusal),
                None => Reply::json(200, &self.me),
            },
            SESSIONS if self.lacking => {
                Reply::json(401, &json!({"code": "auth.unauthorized", "message": "no"}))
            }
            METADATA => match &self.metadata {
                Some(metadata) => Reply::json(200, metadata),
                None => Reply::json(404, &json!({"error": "invalid_request"})),
            },
            ACCOUNT => Reply::json(200, &json!({"id": "u1"})),
            _ => Reply::done(),
        }
    }

    fn token(&mut self, form: &HashMap<String, String>) -> Reply {
        if let Some(reply) = self.replies.pop_front() {
            return reply;
        }
        let good = match form["grant_type"].as_str() {
            "authorization_code" => form["code"] == "c0de",
            "refresh_token" => {
                let is = |number| form["refresh_token"] == format!("refresh-{number}");
                is(self.number) || (self.takes_twice && is(self.number - 1))
            }
            _ => false,
        };
        if !good {
            let body = json!({"error": "invalid_grant", "error_description": "it is gone"});
            return Reply::json(400, &body);
        }
        self.number += 1;
        let mut body = json!({
            "access_token": format!("opaque-{}", self.number),
            "expires_in": self.life,
            "scope": SCOPE,
            "token_type": "Bearer",
            "id_token": self.id_token,
        });
        if !self.without_refresh {
            body["refresh_token"] = format!("refresh-{}", self.number).into();
        }
        Reply::json(200, &body)
    }

    fn refuses(&self, seen: &Seen) -> bool {
        let token = seen.authorization.as_deref().unwrap_or_default();
        self.refused.iter().any(|refused| token == format!("Bearer {refused}"))
    }
}

impl Logto {
    async fn open() -> Self {
        let state = Arc::new(Mutex::new(State { life: 3600, ..State::default() }));
        let shared = state.clone();
        let desk = Desk::open(move |seen: Seen| {
            let state = shared.clone();
            async move {
                let gate = match seen.target.as_str() {
                    TOKEN => state.lock().unwrap().gate.clone(),
                    JWKS => state.lock().unwrap().key_gate.clone(),
                    _ => None,
                };
                if let Some(gate) = gate {
                    gate.acquire().await.unwrap().forget();
                }
                state.lock().unwrap().answer(&seen)
            }
        })
        .await;
        Self { desk, clock: TestClock::new(0.5), state }
    }

    /// One that signs with this key.
    async fn signing(key: &Key) -> Self {
        let logto = Self::open().await;
        logto.publish([key]);
        logto.give(&key.sign(&logto.claims()));
        logto
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn publish<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) {
        self.state().jwks = keys.into_iter().map(Key::jwk).collect();
    }

    /// The ID token that comes with the next tokens.
    fn give(&self, id_token: &str) {
        self.state().id_token = Some(id_token.to_owned());
    }

    fn reply(&self, reply: Reply) {
        self.state().replies.push_back(reply);
    }

    /// Claims that are good.
    fn claims(&self) -> Value {
        json!({
            "iss": format!("{}/oidc", self.desk.endpoint), "aud": "web-app", "sub": "u1",
            "iat": TestClock::START, "exp": TestClock::START + 3600, "nonce": "n0nce",
            "username": "alice",
        })
    }

    fn client(&self) -> Client {
        self.desk.builder().clock(self.clock.clone()).build().unwrap()
    }

    fn callback(&self) -> String {
        let issuer = format!("{}/oidc", self.desk.endpoint);
        let url = "http://localhost:9999/callback?code=c0de&state=st4te";
        Url::parse_with_params(url, [("iss", issuer)]).unwrap().into()
    }

    async fn redeem(&self, client: &Client) -> Result<UserTokens> {
        pending().redeem(client, Some("s3cret:+"), &self.callback()).await
    }

    /// The tokens of a user who has just signed in.
    async fn tokens(&self) -> UserTokens {
        self.redeem(&self.client()).await.unwrap()
    }

    /// What the last token request sent.
    fn last_form(&self) -> HashMap<String, String> {
        form(self.desk.seen().iter().rfind(|seen| seen.target == TOKEN).unwrap())
    }
}

fn form(seen: &Seen) -> HashMap<String, String> {
    let query = Url::parse(&format!("http://form/?{}", seen.body)).unwrap();
    query.query_pairs().into_owned().collect()
}

fn pending() -> PendingAuthorization {
    serde_json::from_value(json!({
        "client_id": "web-app",
        "redirect_uri": "http://localhost:9999/callback",
        "state": "st4te",
        "nonce": "n0nce",
        "code_verifier": "ver1fier",
    }))
    .unwrap()
}

fn assert_hides_secrets(error: &Error) {
    let shown = format!("{error} {error:?}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
}

#[tokio::test]
async fn a_code_is_redeemed_with_either_kind_of_key() {
    for key in [Key::es384("k1"), Key::rs256("k1")] {
        let logto = Logto::signing(&key).await;
        let client = logto.client();
        let tokens = logto.redeem(&client).await.unwrap();
        assert_eq!(tokens.access_token().secret(), "opaque-1");
        assert_eq!(tokens.access_token().lifetime(), Some(Duration::from_secs(3600)));
        assert_eq!(tokens.expires_at().as_millis(), (TestClock::START as i64 + 3600) * 1000);
        assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-1"));
        assert_eq!((tokens.scope(), tokens.client_id()), (SCOPE, "web-app"));
        let claims = tokens.claims().unwrap();
        assert_eq!(claims.user.sub, "u1");
        assert_eq!(claims.user.username.as_deref(), Some("alice"));
        assert_eq!(tokens.id_token().unwrap().split('.').count(), 3);

        let request = logto.desk.seen().remove(0);
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", TOKEN));
        // `web-app:s3cret%3A%2B`: RFC 6749 has both form-encoded.
        let basic = "Basic d2ViLWFwcDpzM2NyZXQlM0ElMkI=";
        assert_eq!(request.authorization.as_deref(), Some(basic));
        let sent = form(&request);
        assert_eq!(sent.len(), 4);
        assert_eq!(sent["grant_type"], "authorization_code");
        assert_eq!(sent["code"], "c0de");
        assert_eq!(sent["redirect_uri"], "http://localhost:9999/callback");
        assert_eq!(sent["code_verifier"], "ver1fier");

        // Keys are kept, and shared by clones.
        logto.state().number = 0;
        logto.redeem(&client.clone()).await.unwrap();
        assert_eq!((logto.desk.count(TOKEN), logto.desk.count(JWKS)), (2, 1));
    }
}

#[tokio::test]
async fn an_application_without_a_secret_names_itself() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let tokens = pending().redeem(&logto.client(), None, &logto.callback()).await.unwrap();
    let request = logto.desk.seen().remove(0);
    assert_eq!(request.authorization, None);
    assert_eq!(form(&request)["client_id"], "web-app");

    tokens.refresh().await.unwrap();
    assert_eq!(logto.last_form()["client_id"], "web-app");
    tokens.revoke().await.unwrap();
    assert_eq!(logto.desk.last().authorization, None);
    assert_eq!(form(&logto.desk.last())["client_id"], "web-app");

    let error = pending().redeem(&logto.client(), Some(" "), &logto.callback()).await.unwrap_err();
    assert!(error.is_invalid_request());
}

#[tokio::test]
async fn a_callback_that_is_not_the_answer_is_refused() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let client = logto.client();
    let good = logto.callback();
    for (callback, words) in [
        (good.replace("st4te", "other"), "another sign-in"),
        (good.replace("&state=st4te", ""), "no state"),
        (good.replace("state=st4te", "state="), "no state"),
        (format!("{good}&state=st4te"), "more than one `state`"),
        (format!("{good}&code=c0de"), "more than one `code`"),
        (good.replace("oidc", "other"), "an issuer other than"),
        (good.replace("code=c0de&", ""), "neither a code nor an error"),
        (good.replace("/callback", "/elsewhere"), "address is not the redirect URI"),
        (good.replace("localhost", "evil.example"), "address is not the redirect URI"),
        ("/callback?code=c0de&state=st4te".to_owned(), "not a URL"),
    ] {
        let error = pending().redeem(&client, None, &callback).await.unwrap_err();
        assert!(error.is_invalid_callback(), "{callback}: {error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_hides_secrets(&error);
    }
    assert_eq!(logto.desk.seen().len(), 0);
}

#[tokio::test]
async fn a_callback_may_leave_out_its_issuer_where_the_server_does() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let callback = "http://localhost:9999/callback?code=c0de&state=st4te";
    let supports = json!({"authorization_response_iss_parameter_supported": true});
    for silent in [callback.to_owned(), format!("{callback}&iss=")] {
        logto.state().metadata = Some(supports.clone());
        let error = pending().redeem(&logto.client(), None, &silent).await.unwrap_err();
        assert!(error.is_invalid_callback() && error.to_string().contains("`iss`"), "{error}");
        assert_hides_secrets(&error);
        assert_eq!(logto.desk.count(TOKEN), 0);
    }
    // A refusal without an issuer may be anybody's too.
    let refused = callback.replace("code=c0de", "error=access_denied");
    let error = pending().redeem(&logto.client(), None, &refused).await.unwrap_err();
    assert!(error.is_invalid_callback(), "{error}");

    for metadata in [None, Some(json!({})), Some(json!([]))] {
        logto.state().metadata = metadata;
        logto.state().number = 0;
        pending().redeem(&logto.client(), None, callback).await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_in_that_was_turned_down_says_why() {
    let logto = Logto::open().await;
    let callback = logto.callback().replace(
        "code=c0de",
        "error=access_denied&error_description=End-User%20aborted%20interaction",
    );
    let error = pending().redeem(&logto.client(), None, &callback).await.unwrap_err();
    assert!(error.is_sign_in_refused() && !error.is_invalid_callback() && !error.is_auth());
    assert_eq!(error.code(), Some("access_denied"));
    assert_eq!(error.message(), Some("End-User aborted interaction"));
    assert_eq!(
        error.to_string(),
        "the sign-in failed: access_denied: End-User aborted interaction"
    );
    assert_hides_secrets(&error);

    // Nobody is told what someone else's answer says.
    let foreign = callback.replace("st4te", "other");
    let error = pending().redeem(&logto.client(), None, &foreign).await.unwrap_err();
    assert!(error.is_invalid_callback());
    assert_eq!(logto.desk.seen().len(), 0);
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let client = logto.client();
    let start = TestClock::START;
    let both = json!(["web-app", "other"]);
    for (changes, words) in [
        (json!({"nonce": "other"}), "another sign-in"),
        (json!({"nonce": null}), "another sign-in"),
        (json!({"aud": "other"}), "for another application"),
        (json!({"aud": []}), "for another application"),
        (json!({"aud": both}), "for several applications"),
        (json!({"aud": both, "azp": "other"}), "to another application"),
        (json!({"azp": "other"}), "to another application"),
        (json!({"iss": "https://evil.example/oidc"}), "issuer is not this Logto"),
        (json!({"iss": logto.desk.endpoint}), "issuer is not this Logto"),
        (json!({"exp": start - 60}), "expired"),
        (json!({"exp": null}), "cannot be decoded"),
        (json!({"iat": start + 61}), "from the future"),
        (json!({"iat": null}), "cannot be decoded"),
        (json!({"nbf": start + 61}), "from the future"),
        (json!({"sub": ""}), "about none"),
        (json!({"sub": null}), "cannot be decoded"),
    ] {
        let mut claims = logto.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        logto.state().number = 0;
        logto.give(&key.sign(&claims));
        let error = logto.redeem(&client).await.unwrap_err();
        assert!(error.is_invalid_token(), "{changes}: {error}");
        assert!(error.to_string().contains(words), "{changes}: {error}");
        assert_hides_secrets(&error);
    }
    // Clocks may differ by a minute.
    for changes in [
        json!({"exp": start - 59}),
        json!({"iat": start + 60, "nbf": start + 60}),
        json!({"aud": ["other", "web-app"], "azp": "web-app"}),
    ] {
        let mut claims = logto.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        logto.state().number = 0;
        logto.give(&key.sign(&claims));
        logto.redeem(&client).await.unwrap();
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn signatures_that_do_not_fit_are_refused() {
    let (ec, rsa, weak) = (Key::es384("ec"), Key::rs256("rsa"), Key::es256("weak"));
    let (mut for_secrets, other) = (Key::es384("enc").jwk(), Key::es384("ec"));
    for_secrets["use"] = "enc".into();
    let logto = Logto::open().await;
    logto.publish([&ec, &rsa, &weak]);
    logto.state().jwks.push(for_secrets);
    // Keys of kinds that are not known do no harm.
    logto.state().jwks.push(json!({"kty": "AKP", "kid": 7, "alg": "ML-DSA-65"}));
    let claims = logto.claims();
    let good = ec.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let forged = encode(json!({"sub": "admin"}).to_string());
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    let public = rsa.jwk();
    let text = public.to_string();
    let modulus = public["n"].as_str().unwrap().as_bytes();
    let point = ec.jwk()["x"].as_str().unwrap().to_owned();
    for (token, words) in [
        (unsigned(&claims), "ES384 and RS256"),
        (format!("{signed}."), "signature"),
        (format!("{signed}.{}", encode("short")), "signature"),
        (format!("{signed}.{}", &signature[..signature.len() - 4]), "signature"),
        (format!("{head}.{forged}.{signature}"), "signature"),
        (other.sign(&claims), "signature"),
        (hs256("rsa", text.as_bytes(), &claims), "ES384 and RS256"),
        (hs256("rsa", modulus, &claims), "ES384 and RS256"),
        (hs256("ec", point.as_bytes(), &claims), "ES384 and RS256"),
        (weak.sign(&claims), "ES384 and RS256"),
        (ec.sign_with(&header("es384", "ec"), &claims), "ES384 and RS256"),
        (ec.sign_with(&header("RS256", "ec"), &claims), "not for signatures of its kind"),
        (rsa.sign_with(&header("ES384", "rsa"), &claims), "not for signatures of its kind"),
        (weak.sign_with(&header("ES384", "weak"), &claims), "not for signatures of its kind"),
        (ec.sign_with(&header("ES384", "enc"), &claims), "not for signatures of its kind"),
        (ec.sign_with(&header("ES384", "gone"), &claims), "does not have"),
        (
            ec.sign_with(
                &json!({"alg": "ES384", "kid": "ec", "crit": ["b64"], "b64": true}),
                &claims,
            ),
            "extension",
        ),
        (signed.to_owned(), "three parts"),
        ("header".to_owned(), "three parts"),
        (format!("{good}.more"), "three parts"),
        ("header.payload.signature".to_owned(), "header that cannot be decoded"),
        (format!("{head}.{}.{signature}", encode("[]")), "signature"),
        (ec.sign(&json!([])), "claims that cannot be decoded"),
    ] {
        logto.state().number = 0;
        logto.give(&token);
        let error = logto.redeem(&logto.client()).await.unwrap_err();
        assert!(error.is_invalid_token(), "{words}: {error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(!error.to_string().contains(&token), "{error}");
        assert_hides_secrets(&error);
    }

    // Wherever it is cut off.
    for length in (0..good.len()).step_by(9) {
        logto.state().number = 0;
        logto.give(&good[..length]);
        let error = logto.redeem(&logto.client()).await.unwrap_err();
        assert!(error.is_invalid_token(), "{length}: {error}");
    }

    // Without a key's id, it is the only one that fits.
    for (key, alone) in [(&ec, true), (&rsa, true), (&ec, false)] {
        logto.state().number = 0;
        logto.give(&key.sign_with(&json!({"alg": key.algorithm()}), &claims));
        if !alone {
            logto.state().jwks.push(other.jwk());
        }
        let outcome = logto.redeem(&logto.client()).await;
        assert_eq!(outcome.is_ok(), alone);
    }
}

#[tokio::test]
async fn an_id_token_that_was_asked_for_must_come() {
    let logto = Logto::open().await;
    // Whatever the answer says of its scope.
    let granted = |id_token: Value| {
        let body = json!({"access_token": "opaque-9", "expires_in": 60, "id_token": id_token});
        Reply::json(200, &body)
    };
    logto.reply(Reply::token("opaque-9"));
    logto.reply(granted(json!(null)));
    for unreadable in [json!(""), json!(7), json!({"jwt": "a.b.c"}), json!(["a.b.c"])] {
        logto.reply(granted(unreadable));
    }
    for _ in 0..7 {
        let error = logto.redeem(&logto.client()).await.unwrap_err();
        assert!(error.is_invalid_token(), "{error}");
        assert_hides_secrets(&error);
    }

    // Nobody asked for it here, and an unreadable one is not overlooked.
    let mut pending = serde_json::to_value(pending()).unwrap();
    pending.as_object_mut().unwrap().remove("nonce");
    let pending: PendingAuthorization = serde_json::from_value(pending).unwrap();
    logto.reply(Reply::token("opaque-9"));
    let tokens = pending.redeem(&logto.client(), None, &logto.callback()).await.unwrap();
    assert!(tokens.claims().is_none() && tokens.id_token().is_none());
    assert_eq!((tokens.scope(), tokens.refresh_token()), ("", None));
    logto.reply(granted(json!(7)));
    let error = pending.redeem(&logto.client(), None, &logto.callback()).await.unwrap_err();
    assert!(error.is_invalid_token(), "{error}");
}

#[tokio::test]
async fn an_id_token_that_says_what_it_belongs_to_is_held_to_it() {
    for key in [Key::es384("k1"), Key::rs256("k1")] {
        let logto = Logto::signing(&key).await;
        let hash = match key.algorithm() {
            "ES384" => digest::digest(&digest::SHA384, b"opaque-1"),
            _ => digest::digest(&digest::SHA256, b"opaque-1"),
        };
        let half = encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
        let of_another = encode(&hash.as_ref()[1..=hash.as_ref().len() / 2]);
        for (at_hash, good) in
            [(json!(half), true), (json!(of_another), false), (json!(""), false), (json!(7), false)]
        {
            logto.state().number = 0;
            let mut claims = logto.claims();
            claims["at_hash"] = at_hash.clone();
            logto.give(&key.sign(&claims));
            let outcome = logto.redeem(&logto.client()).await.map(drop);
            assert_eq!(outcome.is_ok(), good, "{at_hash}");
            assert!(good || outcome.unwrap_err().to_string().contains("at_hash"));
        }
        for (typ, good) in
            [("JWT", true), ("jwt", true), ("at+jwt", false), ("logout+jwt", false), ("", false)]
        {
            logto.state().number = 0;
            let header = json!({"alg": key.algorithm(), "kid": "k1", "typ": typ});
            logto.give(&key.sign_with(&header, &logto.claims()));
            let outcome = logto.redeem(&logto.client()).await.map(drop);
            assert_eq!(outcome.is_ok(), good, "{typ}");
            assert!(good || outcome.unwrap_err().to_string().contains("not an ID token"));
        }
    }
}

#[tokio::test]
async fn whoever_asks_for_a_recent_sign_in_is_shown_one() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let mut kept = serde_json::to_value(pending()).unwrap();
    kept["asked"] = json!({
        "at": TestClock::START * 1000, "scope": "openid", "resources": [], "max_age": 300,
    });
    let pending: PendingAuthorization = serde_json::from_value(kept).unwrap();
    // It may have been while the request was under way, and clocks may differ by a minute.
    for (auth_time, words) in [
        (json!(TestClock::START + 50), None),
        (json!(TestClock::START - 360), None),
        (json!(TestClock::START - 361), Some("longer ago")),
        (json!(null), Some("auth_time")),
    ] {
        logto.state().number = 0;
        let mut claims = logto.claims();
        claims["auth_time"] = auth_time.clone();
        logto.give(&key.sign(&claims));
        let outcome = pending.redeem(&logto.client(), None, &logto.callback()).await.map(drop);
        match words {
            None => outcome.unwrap(),
            Some(words) => {
                let error = outcome.unwrap_err();
                assert!(error.is_invalid_token() && error.to_string().contains(words), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn keys_that_are_rotated_are_followed() {
    let (old, new) = (Key::es384("old"), Key::rs256("new"));
    let logto = Logto::signing(&old).await;
    let client = logto.client();
    logto.redeem(&client).await.unwrap();

    // Between the authorization request and its answer.
    logto.publish([&new, &old]);
    logto.give(&new.sign(&logto.claims()));
    logto.state().number = 0;
    logto.redeem(&client).await.unwrap();
    assert_eq!(logto.desk.count(JWKS), 2);

    // The old one is trusted while it is published, and a while longer at most.
    logto.publish([&new]);
    logto.give(&old.sign(&logto.claims()));
    logto.state().number = 0;
    logto.redeem(&client).await.unwrap();
    logto.clock.forward(600);
    logto.state().number = 0;
    let error = logto.redeem(&client).await.unwrap_err();
    assert!(error.is_invalid_token() && error.to_string().contains("does not have"), "{error}");
    assert_eq!(logto.desk.count(JWKS), 3);

    // What is not there is looked for, but not as often as somebody likes.
    logto.give(&Key::es384("foreign").sign(&logto.claims()));
    for fetches in [4, 5, 6, 6, 6] {
        logto.state().number = 0;
        logto.redeem(&client).await.unwrap_err();
        assert_eq!(logto.desk.count(JWKS), fetches);
    }
    // A key that is there by now is found a minute later at most.
    let newest = Key::es384("newest");
    logto.publish([&newest]);
    logto.give(&newest.sign(&logto.claims()));
    logto.clock.forward(60);
    logto.state().number = 0;
    logto.redeem(&client).await.unwrap();
    assert_eq!(logto.desk.count(JWKS), 7);
}

#[tokio::test]
async fn keys_of_one_id_are_told_apart_by_their_kind() {
    let (ec, rsa) = (Key::es384("k1"), Key::rs256("k1"));
    let logto = Logto::open().await;
    logto.publish([&ec, &rsa]);
    for key in [&ec, &rsa] {
        logto.state().number = 0;
        logto.give(&key.sign(&logto.claims()));
        logto.redeem(&logto.client()).await.unwrap();
    }
}

#[tokio::test]
async fn many_sign_ins_fetch_the_keys_once() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let (client, callback) = (logto.client(), logto.callback());
    let id_token = logto.state().id_token.clone();
    for _ in 0..20 {
        let body = json!({"access_token": "t", "expires_in": 60, "id_token": id_token});
        logto.reply(Reply::json(200, &body));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, callback) = (client.clone(), callback.clone());
        tasks.spawn(async move { pending().redeem(&client, None, &callback).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert_eq!(logto.desk.count(JWKS), 1);
}

#[tokio::test]
async fn keys_that_do_not_come_are_no_reason_to_believe() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    logto.state().jwks.clear();
    assert!(logto.redeem(&logto.client()).await.unwrap_err().is_invalid_token());

    let state = logto.state.clone();
    let desk = Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            JWKS => Reply::new(200, "<html>"),
            _ => state.lock().unwrap().answer(&seen),
        };
        std::future::ready(reply)
    })
    .await;
    logto.state().number = 0;
    let client = desk.builder().clock(logto.clock.clone()).build().unwrap();
    let callback = "http://localhost:9999/callback?code=c0de&state=st4te";
    let error = pending().redeem(&client, None, callback).await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert_hides_secrets(&error);
}

#[tokio::test]
async fn a_key_set_without_end_is_no_key_set() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    logto.state().jwks = vec![key.jwk(); 10_000];
    let error = logto.redeem(&logto.client()).await.unwrap_err();
    assert!(error.is_invalid_token() && error.to_string().contains("1 MiB"), "{error}");
    assert_eq!(logto.desk.count(JWKS), 1);
}

#[tokio::test]
async fn keys_that_are_elsewhere_are_said_to_be() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let state = logto.state.clone();
    let desk = Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            JWKS => Reply::new(302, "").header("location", "https://elsewhere.example/jwks"),
            _ => state.lock().unwrap().answer(&seen),
        };
        std::future::ready(reply)
    })
    .await;
    let client = desk.builder().clock(logto.clock.clone()).build().unwrap();
    let callback = "http://localhost:9999/callback?code=c0de&state=st4te";
    let error = pending().redeem(&client, None, callback).await.unwrap_err();
    assert!(error.to_string().contains("302 Found, and redirects are not followed"), "{error}");
    assert_hides_secrets(&error);
}

#[tokio::test]
async fn a_code_is_sent_once() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    for (status, body) in [(503, json!({})), (400, json!({"error": "invalid_grant"}))] {
        logto.reply(Reply::json(status, &body));
        let before = logto.desk.count(TOKEN);
        let error = logto.redeem(&logto.client()).await.unwrap_err();
        assert!(error.is_auth(), "{error}");
        assert_hides_secrets(&error);
        assert_eq!(logto.desk.count(TOKEN), before + 1);
    }
    logto.reply(Reply::json(400, &json!({"error": "invalid_grant"})));
    let error = logto.redeem(&logto.client()).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_grant"));
    assert!(error.to_string().contains("a code can be redeemed once"), "{error}");
}

#[tokio::test]
async fn a_refresh_brings_new_tokens() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let first = logto.tokens().await;
    let mut claims = logto.claims();
    claims["username"] = "renamed".into();
    claims.as_object_mut().unwrap().remove("nonce");
    logto.give(&key.sign(&claims));
    // Asking again changes nothing.
    logto.reply(Reply::new(503, ""));
    let second = first.refresh().await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 3);
    let sent = logto.last_form();
    assert_eq!(sent.len(), 2);
    assert_eq!((&*sent["grant_type"], &*sent["refresh_token"]), ("refresh_token", "refresh-1"));
    assert_eq!(second.access_token().secret(), "opaque-2");
    assert_eq!(second.claims().unwrap().user.username.as_deref(), Some("renamed"));

    // What was is what it was, but the refresh token that it had is used up.
    assert_eq!(first.access_token().secret(), "opaque-1");
    assert_eq!(first.claims().unwrap().user.username.as_deref(), Some("alice"));
    assert_eq!(first.refresh_token().as_deref(), Some("refresh-2"));
    let third = first.refresh().await.unwrap();
    assert_eq!(third.access_token().secret(), "opaque-3");

    // An answer without an ID token or a refresh token leaves what there is.
    logto.reply(Reply::token("opaque-4"));
    let fourth = third.refresh().await.unwrap();
    assert_eq!(fourth.access_token().secret(), "opaque-4");
    assert_eq!(fourth.claims(), third.claims());
    assert_eq!(fourth.refresh_token().as_deref(), Some("refresh-3"));
    assert_eq!(fourth.scope(), SCOPE);
}

#[tokio::test]
async fn a_refresh_is_about_the_same_user() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let tokens = logto.tokens().await;
    for (name, value) in [("sub", "u2"), ("aud", "other"), ("iss", "other")] {
        let mut claims = logto.claims();
        claims[name] = value.into();
        logto.give(&key.sign(&claims));
        let error = tokens.refresh().await.unwrap_err();
        assert!(error.is_invalid_token(), "{name}: {error}");
        assert_hides_secrets(&error);
    }
    // The refresh token that came with it is good all the same.
    logto.give(&key.sign(&logto.claims()));
    let renewed = tokens.refresh().await.unwrap();
    assert_eq!(renewed.refresh_token().as_deref(), Some("refresh-5"));
    assert!(tokens.to_stored() == renewed.to_stored());
}

#[tokio::test]
async fn all_that_comes_of_a_sign_in_shares_the_refresh_token() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..30 {
        let tokens = tokens.clone();
        tasks.spawn(async move {
            match number % 3 {
                0 => tokens.refresh().await.map(drop),
                1 => tokens.for_resource("https://api").access_token().await.map(drop),
                _ => {
                    let client = tokens.for_organization("org").client()?;
                    client.access_token().await.map(drop)
                }
            }
        });
    }
    for outcome in tasks.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(logto.desk.count(TOKEN), 31);
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-31"));
}

#[tokio::test]
async fn a_refresh_that_nobody_waits_for_loses_nothing() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let gate = Arc::new(Semaphore::new(0));
    logto.state().gate = Some(gate.clone());
    let dropped = begun(tokens.refresh()).await;
    logto.desk.arrived(TOKEN, 2).await;
    drop(dropped);
    gate.add_permits(2);
    tokens.refresh().await.unwrap();
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-3"));
}

#[tokio::test]
async fn a_session_that_is_over_says_so() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    logto.state().number = 7;
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth());
    assert_eq!((error.code(), error.message()), (Some("invalid_grant"), Some("it is gone")));
    assert!(error.to_string().contains("have the user sign in again"), "{error}");
    assert_hides_secrets(&error);

    logto.state().without_refresh = true;
    logto.state().number = 0;
    let tokens = logto.tokens().await;
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("offline_access"), "{error}");
}

#[tokio::test]
async fn a_client_acts_as_the_user_for_as_long_as_it_may() {
    let key = Key::es384("k1");
    let logto = Logto::signing(&key).await;
    let mut claims = logto.claims();
    claims["exp"] = (TestClock::START + 86_400).into();
    logto.give(&key.sign(&claims));
    let tokens = logto.tokens().await;
    let user = tokens.client();
    let call = async || user.request(Method::GET, ACCOUNT).send().await;
    call().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-1");

    // When the token is over, when it is refused, and when it was renewed by hand.
    logto.clock.forward(3600);
    call().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-2");
    logto.state().refused.push("opaque-2".to_owned());
    call().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-3");
    tokens.refresh().await.unwrap();
    logto.clock.forward(3600);
    let renewed = tokens.refresh().await.unwrap();
    assert_eq!(renewed.access_token().secret(), "opaque-5");
    call().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-5");
    assert_eq!(logto.desk.count(TOKEN), 5);

    // A user's token is not the application's, and the reverse.
    assert_eq!(user.access_token().await.unwrap().secret(), "opaque-5");
    assert!(logto.client().request(Method::GET, ACCOUNT).send().await.unwrap_err().is_auth());
}

#[tokio::test]
async fn a_client_without_a_refresh_token_ends_with_its_token() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    logto.state().without_refresh = true;
    let tokens = logto.tokens().await;
    let user = tokens.client();
    let call = async || user.request(Method::GET, ACCOUNT).send().await;
    call().await.unwrap();
    logto.state().refused.push("opaque-1".to_owned());
    assert!(call().await.unwrap_err().is_unauthorized());
    logto.clock.forward(3600);
    let error = call().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("sign in again"), "{error}");
    assert_eq!(logto.desk.count(TOKEN), 1);
}

#[cfg(feature = "account")]
#[tokio::test]
async fn the_account_api_is_called_on_behalf_of_the_user() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let profile = tokens.account().get().send().await.unwrap();
    assert_eq!(profile.id.as_deref(), Some("u1"));
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-1");
}

#[tokio::test]
async fn tokens_for_apis_and_organizations_are_asked_for() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let granted = |scope: &str, refresh_token: &str| {
        Reply::json(
            200,
            &json!({
                "access_token": "jwt", "expires_in": 60, "scope": scope, "token_type": "Bearer",
                "refresh_token": refresh_token,
            }),
        )
    };
    logto.reply(granted("read:orders", "refresh-8"));
    let request = tokens.for_resource("https://api.acme.com").scope("read:orders");
    let token = request.organization("acme").access_token().await.unwrap();
    assert_eq!((token.secret(), token.lifetime()), ("jwt", Some(Duration::from_secs(60))));
    let sent = logto.last_form();
    assert_eq!(sent.len(), 5);
    assert_eq!(sent["resource"], "https://api.acme.com");
    assert_eq!(sent["organization_id"], "acme");
    assert_eq!(sent["scope"], "read:orders");

    // The user's own tokens stay, but for the refresh token.
    let kept = tokens.to_stored();
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-8"));
    assert!(!serde_json::to_string(&kept).unwrap().contains("jwt"));
    assert_eq!(tokens.client().access_token().await.unwrap().secret(), "opaque-1");

    // One that lacks what was asked for is refused; what came with it counts.
    logto.reply(granted("", "refresh-9"));
    let request = tokens.for_resource("https://api.acme.com").scope("read:orders");
    let error = request.access_token().await.unwrap_err();
    assert!(error.is_insufficient_scope(), "{error}");
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-9"));

    for (status, code, words) in [
        (403, "access_denied", "that the user is a member of it"),
        (403, "insufficient_scope", "urn:logto:scope:organizations"),
        (400, "invalid_target", "check the resource indicator"),
        (400, "invalid_scope", "when the user signs in"),
    ] {
        logto.reply(Reply::json(status, &json!({"error": code})));
        let request = tokens.for_organization("acme").resource("https://api.acme.com");
        let error = request.access_token().await.unwrap_err();
        assert!(error.is_auth() && error.has_code(code));
        assert!(error.to_string().contains(words), "{error}");
        assert_hides_secrets(&error);
    }
    for request in [
        tokens.for_resource(""),
        tokens.for_organization(" "),
        tokens.for_organization("acme").scope(""),
    ] {
        assert!(request.clone().client().unwrap_err().is_invalid_request());
        assert!(request.access_token().await.unwrap_err().is_invalid_request());
    }
}

#[tokio::test]
async fn a_client_for_an_api_keeps_its_token() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let admin = tokens.for_resource("https://default.logto.app/api").client().unwrap();
    for _ in 0..3 {
        admin.request(Method::GET, "/api/users").send().await.unwrap();
        assert_eq!(logto.desk.token_of_last("/api/users"), "opaque-2");
    }
    assert_eq!(logto.last_form()["resource"], "https://default.logto.app/api");
    assert_eq!(logto.desk.count(TOKEN), 2);
}

#[tokio::test]
async fn logto_tells_of_the_user() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    logto.state().me = json!({
        "sub": "u1", "name": "Alice", "picture": null, "updated_at": 1_795_372_674_317_i64,
        "email": "alice@example.com", "email_verified": true, "custom_data": {"k": 1}, "vip": true,
    });
    let user = tokens.user_info().await.unwrap();
    assert_eq!(user.email.as_deref(), Some("alice@example.com"));
    assert_eq!(user.updated_at.unwrap().as_millis(), 1_795_372_674_317);
    assert_eq!((user.picture.as_ref(), &user.extra["vip"]), (None, &json!(true)));
    assert_eq!(logto.desk.token_of_last(ME), "opaque-1");

    logto.state().refused.push("opaque-1".to_owned());
    tokens.user_info().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ME), "opaque-2");

    logto.state().me["sub"] = "u2".into();
    let error = tokens.user_info().await.unwrap_err();
    assert!(error.is_invalid_token() && error.to_string().contains("a user other than"), "{error}");
}

#[tokio::test]
async fn tokens_are_revoked() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    tokens.revoke().await.unwrap();
    let request = logto.desk.last();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/oidc/token/revocation")
    );
    assert!(request.authorization.as_deref().unwrap().starts_with("Basic "));
    let sent = form(&request);
    assert_eq!((&*sent["token"], &*sent["token_type_hint"]), ("refresh-1", "refresh_token"));
    assert_eq!(tokens.refresh_token(), None);
    assert!(tokens.client().access_token().await.unwrap_err().is_auth());
    assert!(tokens.refresh().await.unwrap_err().is_auth());

    logto.state().without_refresh = true;
    logto.state().number = 0;
    let tokens = logto.tokens().await;
    tokens.revoke().await.unwrap();
    let sent = form(&logto.desk.last());
    assert_eq!((&*sent["token"], &*sent["token_type_hint"]), ("opaque-1", "access_token"));
}

#[tokio::test]
async fn a_browser_signs_out_at_an_address_without_tokens() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let url = tokens.sign_out_url(Some("https://acme.com/bye?a=b")).unwrap();
    assert_eq!(
        url.as_str(),
        format!(
            "{}/oidc/session/end?client_id=web-app&post_logout_redirect_uri=https%3A%2F%2Facme.com%2Fbye%3Fa%3Db",
            logto.desk.endpoint
        )
    );
    let url = tokens.sign_out_url(None).unwrap();
    assert_eq!(url.query(), Some("client_id=web-app"));
}

#[tokio::test]
async fn tokens_are_kept_and_come_back() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let kept = serde_json::to_string(&logto.tokens().await.to_stored()).unwrap();
    let restore = || {
        let set: StoredTokens = serde_json::from_str(&kept).unwrap();
        set.restore(&logto.client(), Some("s3cret:+")).unwrap()
    };
    let tokens = restore();
    assert_eq!(tokens.claims().unwrap().user.sub, "u1");
    assert_eq!((tokens.scope(), tokens.client_id()), (SCOPE, "web-app"));
    assert_eq!(tokens.expires_in(), Duration::from_secs(3600));
    assert_eq!(tokens.client().access_token().await.unwrap().secret(), "opaque-1");
    assert_eq!(serde_json::to_string(&tokens.to_stored()).unwrap(), kept);
    assert_eq!(logto.desk.seen().len(), 2);

    // What a client renews behind one's back is kept too.
    logto.clock.forward(4000);
    let tokens = restore();
    assert_eq!(tokens.expires_in(), Duration::ZERO);
    tokens.client().request(Method::GET, ACCOUNT).send().await.unwrap();
    let set = tokens.to_stored();
    assert!(serde_json::to_string(&set).unwrap().contains("opaque-2"));
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-2"));

    let broken = kept.replace(tokens.id_token().unwrap(), "header.payload.signature");
    let set: StoredTokens = serde_json::from_str(&broken).unwrap();
    assert!(set.clone().restore(&logto.client(), None).unwrap_err().is_invalid_token());
    assert!(set.restore(&logto.client(), Some("")).unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn cookies_and_the_application_s_token_stay_out_of_it() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    logto.state().me = json!({"sub": "u1"});
    let app = logto.desk.app().cookie_store(true).clock(logto.clock.clone()).build().unwrap();
    logto.reply(Reply::token("t").header("set-cookie", "a=b"));
    app.request(Method::POST, TOKEN).send().await.unwrap();
    let tokens = logto.redeem(&app).await.unwrap();
    tokens.user_info().await.unwrap();
    let seen = logto.desk.seen().split_off(1);
    assert!(seen.iter().all(|seen| seen.cookie.is_none()));
    let keys = seen.iter().find(|seen| seen.target == JWKS).unwrap();
    assert_eq!(keys.authorization, None);
    // The application that users sign in to is another than the client's own.
    let token = seen.iter().find(|seen| seen.target == TOKEN).unwrap();
    assert_eq!(token.authorization.as_deref(), Some("Basic d2ViLWFwcDpzM2NyZXQlM0ElMkI="));
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let id_token = tokens.id_token().unwrap().to_owned();
    let request = tokens.for_resource("https://api").scope("x");
    let shown = [
        format!("{:?}", pending()),
        format!("{tokens:?}"),
        format!("{:#?}", tokens.to_stored()),
        format!("{:?}", tokens.client()),
        format!("{request:?} {:?}", request.clone().client().unwrap()),
        format!("{:?}", tokens.access_token()),
        format!("{:?}", tokens.claims()),
    ]
    .join("\n");
    for secret in SECRETS.into_iter().chain([id_token.as_str()]) {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
    assert!(shown.contains("web-app") && shown.contains("u1"));
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_asked_for_ever() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let clock = TestClock::new(0.5);
    let policy = RetryPolicy::new().max_attempts(4);
    let client = Client::builder(gone).clock(clock.clone()).retry(policy).build().unwrap();
    let callback = "http://localhost:9999/callback?code=c0de&state=st4te";
    let error = pending().redeem(&client, None, callback).await.unwrap_err();
    assert!(error.is_auth() && error.is_connect(), "{error}");
    // Nothing was sent, so that asking again does no harm.
    assert_eq!(clock.sleeps().len(), 3);
    assert_hides_secrets(&error);
}

/// A refusal by the token endpoint.
fn refusal(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({"error": code, "error_description": "no"}))
}

/// Tokens of a sign-in that named these resources.
fn naming(logto: &Logto, resources: &Value) -> UserTokens {
    let set = json!({
        "client_id": "web-app", "access_token": "opaque-1", "scope": SCOPE,
        "expires_at": (TestClock::START + 3600) * 1000, "refresh_token": "refresh-1",
        "resources": resources,
    });
    logto.state().number = 1;
    let set: StoredTokens = serde_json::from_value(set).unwrap();
    set.restore(&logto.client(), Some("s3cret:+")).unwrap()
}

#[tokio::test]
async fn a_refresh_token_is_not_sent_again_when_that_may_end_the_session() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let user = tokens.client();
    let gate = Arc::new(Semaphore::new(0));
    logto.state().gate = Some(gate.clone());
    for status in [503, 502, 504, 500, 429] {
        // Its answer comes late, and is a proxy's.
        let before = logto.desk.count(TOKEN);
        logto.reply(Reply::new(status, ""));
        let first = begun(tokens.refresh()).await;
        logto.desk.arrived(TOKEN, before + 1).await;
        let waiting = begun(tokens.for_resource("https://api").access_token()).await;
        logto.clock.advance(Duration::from_millis(2600));
        gate.add_permits(1);
        for error in [first.await.err().unwrap(), waiting.await.unwrap_err()] {
            assert!(error.is_auth() && !error.is_sign_in_required(), "{error}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
            assert_hides_secrets(&error);
        }
        assert_eq!(logto.desk.count(TOKEN), before + 1, "{status}");
    }

    // Nor ahead of time, while there is an access token that is good.
    let before = logto.desk.count(TOKEN);
    logto.clock.forward(3400);
    user.request(Method::GET, ACCOUNT).send().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-1");
    tokio::task::yield_now().await;
    assert_eq!(logto.desk.count(TOKEN), before);
    // When there is nothing to lose, it is the only way.
    logto.clock.forward(200);
    gate.add_permits(1);
    user.request(Method::GET, ACCOUNT).send().await.unwrap();
    assert_eq!(logto.desk.token_of_last(ACCOUNT), "opaque-2");
}

#[tokio::test]
async fn a_refresh_token_is_sent_again_while_that_does_no_harm() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let gate = Arc::new(Semaphore::new(0));
    logto.state().gate = Some(gate.clone());
    logto.reply(Reply::new(502, ""));
    let renewing = begun(tokens.refresh()).await;
    logto.desk.arrived(TOKEN, 2).await;
    logto.clock.advance(Duration::from_millis(2300));
    gate.add_permits(2);
    renewing.await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 3);
    assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-2"));
}

#[tokio::test]
async fn a_mistyped_api_costs_an_error_and_no_session() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    // It is known what was asked for.
    let tokens = naming(&logto, &json!(["https://api.acme.com"]));
    let error = tokens.for_resource("https://api.acme").access_token().await.unwrap_err();
    assert!(error.is_auth() && error.has_code("invalid_target"), "{error}");
    assert!(error.to_string().contains("`https://api.acme` was not named"), "{error}");
    assert!(tokens.for_resource("https://api.acme").client().unwrap_err().is_auth());
    assert_eq!(logto.desk.count(TOKEN), 0);
    tokens.for_resource("https://api.acme.com").access_token().await.unwrap();

    // It is not, or a script denies the token: Logto has used the refresh token up.
    for (status, code, spent) in [
        (400, "invalid_target", true),
        (400, "access_denied", true),
        (500, "server_error", true),
        (403, "access_denied", false),
        (403, "insufficient_scope", false),
        (400, "invalid_scope", false),
    ] {
        let tokens = naming(&logto, &json!(null));
        let before = logto.desk.count(TOKEN);
        logto.reply(refusal(status, code));
        let error = tokens.for_resource("https://api").access_token().await.unwrap_err();
        assert!(error.has_code(code), "{error}");
        let requests = if spent { 2 } else { 1 };
        assert_eq!(logto.desk.count(TOKEN), before + requests, "{code}");
        let good = if spent { "refresh-2" } else { "refresh-1" };
        assert_eq!(tokens.refresh_token().as_deref(), Some(good), "{code}");
        tokens.refresh().await.unwrap();
    }

    // Too late, it would end the session: what there is goes on.
    let tokens = naming(&logto, &json!(null));
    let gate = Arc::new(Semaphore::new(0));
    logto.state().gate = Some(gate.clone());
    logto.reply(refusal(400, "invalid_target"));
    let before = logto.desk.count(TOKEN);
    let asking = begun(tokens.for_resource("https://api").access_token()).await;
    logto.desk.arrived(TOKEN, before + 1).await;
    logto.clock.forward(3);
    gate.add_permits(9);
    assert!(asking.await.unwrap_err().has_code("invalid_target"));
    assert_eq!(logto.desk.count(TOKEN), before + 1);
    assert_eq!(tokens.client().access_token().await.unwrap().secret(), "opaque-1");
}

#[tokio::test]
async fn an_organization_token_without_permissions_is_no_surprise() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = naming(&logto, &json!(["https://api.acme.com"]));
    let error = tokens.for_organization("acme").access_token().await.unwrap_err();
    assert!(error.is_insufficient_scope(), "{error}");
    assert!(error.to_string().contains("urn:logto:resource:organizations"), "{error}");
    assert_eq!(logto.desk.count(TOKEN), 0);

    let empty = || json!({"access_token": "jwt", "expires_in": 60, "scope": ""});
    let tokens = naming(&logto, &json!(["urn:logto:resource:organizations"]));
    logto.reply(Reply::json(200, &empty()));
    let error = tokens.for_organization("acme").access_token().await.unwrap_err();
    assert!(error.is_insufficient_scope(), "{error}");
    logto.reply(Reply::json(200, &empty()));
    let any = tokens.for_organization("acme").allow_fewer_scopes();
    assert_eq!(any.access_token().await.unwrap().scope(), Some(""));

    // An API may have no permissions at all; what was granted can be read.
    let tokens = naming(&logto, &json!(["https://api.acme.com"]));
    let api = || tokens.for_resource("https://api.acme.com");
    logto.reply(Reply::json(200, &empty()));
    assert_eq!(api().access_token().await.unwrap().scope(), Some(""));
    logto.reply(Reply::json(200, &json!({"access_token": "jwt", "scope": "read"})));
    let fewer = api().scope("read write").allow_fewer_scopes();
    assert_eq!(fewer.access_token().await.unwrap().scope(), Some("read"));
}

#[tokio::test]
async fn whoever_has_to_sign_in_again_is_told_so_by_one_word() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    // The session is over, which is found out once.
    let tokens = logto.tokens().await;
    let (user, orders) = (tokens.client(), tokens.for_resource("https://api").client().unwrap());
    orders.access_token().await.unwrap();
    logto.state().number = 7;
    logto.clock.forward(3600);
    let error = user.request(Method::GET, ACCOUNT).send().await.unwrap_err();
    assert!(error.is_sign_in_required() && error.has_code("invalid_grant"), "{error}");
    let asked = logto.desk.count(TOKEN);
    assert_eq!(tokens.refresh_token(), None);
    assert!(!serde_json::to_string(&tokens.to_stored()).unwrap().contains("refresh-"));
    for error in [
        tokens.refresh().await.err().unwrap(),
        tokens.user_info().await.unwrap_err(),
        orders.access_token().await.unwrap_err(),
        tokens.for_organization("acme").access_token().await.unwrap_err(),
    ] {
        assert!(error.is_sign_in_required(), "{error}");
        assert!(error.to_string().contains("sign in again"), "{error}");
        assert_hides_secrets(&error);
    }
    assert_eq!(logto.desk.count(TOKEN), asked);

    // Without a refresh token, a token that is refused is the end too.
    logto.state().without_refresh = true;
    logto.state().number = 0;
    let tokens = logto.tokens().await;
    logto.state().refused.push("opaque-1".to_owned());
    let user = tokens.client();
    let error = user.request(Method::GET, ACCOUNT).send().await.unwrap_err();
    assert!(error.is_sign_in_required() && error.is_unauthorized(), "{error}");
    assert!(error.to_string().contains("have the user sign in again"), "{error}");
    let error = tokens.user_info().await.unwrap_err();
    assert!(error.is_sign_in_required() && error.is_unauthorized(), "{error}");

    // Other failures are none of the user's business.
    logto.state().without_refresh = false;
    logto.state().number = 0;
    let tokens = logto.tokens().await;
    logto.reply(refusal(401, "invalid_client"));
    assert!(!tokens.refresh().await.err().unwrap().is_sign_in_required());
}

#[tokio::test]
async fn what_was_revoked_is_not_handed_out() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let (user, orders) = (tokens.client(), tokens.for_resource("https://api").client().unwrap());
    user.access_token().await.unwrap();
    orders.access_token().await.unwrap();
    tokens.revoke().await.unwrap();
    let asked = logto.desk.seen().len();
    for error in [
        user.access_token().await.unwrap_err(),
        user.request(Method::GET, ACCOUNT).send().await.unwrap_err(),
        orders.access_token().await.unwrap_err(),
        tokens.refresh().await.err().unwrap(),
        tokens.user_info().await.unwrap_err(),
        tokens.for_resource("https://api").access_token().await.unwrap_err(),
    ] {
        assert!(error.is_sign_in_required(), "{error}");
    }
    assert_eq!(logto.desk.seen().len(), asked);
}

#[tokio::test]
async fn a_permission_that_is_missing_does_not_use_up_refresh_tokens() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let user = tokens.client();
    let state = logto.state.clone();
    state.lock().unwrap().lacking = true;
    for _ in 0..3 {
        let error = user.request(Method::GET, SESSIONS).send().await.unwrap_err();
        assert!(error.is_unauthorized() && error.has_code("auth.unauthorized"), "{error}");
        assert!(!error.is_sign_in_required());
    }
    // Whether it was the token cannot be told but by another.
    assert_eq!((logto.desk.count(TOKEN), logto.desk.count(SESSIONS)), (2, 4));
}

#[tokio::test]
async fn whoever_keeps_the_tokens_hears_of_every_change() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    tokens.on_change(move |set| log.lock().unwrap().push(serde_json::to_value(set).unwrap()));
    let last = || heard.lock().unwrap().last().cloned().unwrap();

    tokens.for_resource("https://api").access_token().await.unwrap();
    assert_eq!(
        (&last()["refresh_token"], &last()["access_token"]),
        (&json!("refresh-2"), &json!("opaque-1"))
    );
    logto.clock.forward(3600);
    logto.state().id_token = None;
    tokens.client().access_token().await.unwrap();
    assert_eq!(
        (&last()["refresh_token"], &last()["access_token"]),
        (&json!("refresh-3"), &json!("opaque-3"))
    );
    assert_eq!(heard.lock().unwrap().len(), 2);
    assert_eq!(last(), serde_json::to_value(tokens.to_stored()).unwrap());
    tokens.revoke().await.unwrap();
    assert_eq!(last().get("refresh_token"), None);
}

#[tokio::test]
async fn scopes_that_are_refused_are_named() {
    let logto = Logto::signing(&Key::es384("k1")).await;
    let tokens = logto.tokens().await;
    for (status, code) in [(400, "invalid_scope"), (403, "insufficient_scope")] {
        let body = json!({
            "code": format!("oidc.{code}"), "message": "Nope `{{scope}}`.", "error": code,
            "error_description": "refresh token missing requested scope", "scope": "phone",
        });
        logto.reply(Reply::json(status, &body));
        let error = tokens.for_resource("https://api").access_token().await.unwrap_err();
        assert_eq!(error.refused_scope(), Some("phone"));
        let words = "refresh token missing requested scope: `phone`";
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("{{"), "{error}");
    }
    let callback = logto.callback().replace("code=c0de", "error=invalid_scope&scope=phone");
    let error = pending().redeem(&logto.client(), None, &callback).await.unwrap_err();
    assert_eq!((error.refused_scope(), error.is_sign_in_refused()), (Some("phone"), true));

    logto.state().me_refusal = Some(json!({
        "code": "oidc.insufficient_scope", "message": "Token missing scope `{{scope}}`.",
        "error": "insufficient_scope", "error_description": "access token missing openid scope",
        "scope": "openid",
    }));
    let error = tokens.user_info().await.unwrap_err();
    assert_eq!((error.refused_scope(), error.is_forbidden()), (Some("openid"), true));
    assert!(error.to_string().contains("missing openid scope"), "{error}");
}

/// Runtimes of both flavours, and whether one is dropped or left idle.
fn abandoned() -> impl Iterator<Item = (Runtime, bool)> {
    let multi_thread = || Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let current_thread = || Builder::new_current_thread().enable_all().build();
    [false, true].into_iter().flat_map(move |is_dropped| {
        [multi_thread(), current_thread()].map(|runtime| (runtime.unwrap(), is_dropped))
    })
}

/// Begins on this runtime, and has nobody run it when the request has arrived.
fn abandon<F: Future>(
    runtime: Runtime,
    is_dropped: bool,
    work: F,
    arrived: impl Future<Output = ()>,
) -> (Option<Runtime>, Pin<Box<F>>) {
    let mut work = Box::pin(work);
    runtime.block_on(async {
        tokio::select! {
            _ = &mut work => panic!("it is done"),
            () = arrived => {}
        }
    });
    if !is_dropped {
        return (Some(runtime), work);
    }
    runtime.shutdown_background();
    (None, work)
}

#[test]
fn no_refresh_waits_for_a_runtime_that_does_not_run() {
    let server = Builder::new_multi_thread().enable_all().build().unwrap();
    for (first, is_dropped) in abandoned() {
        let logto = server.block_on(Logto::signing(&Key::es384("k1")));
        let tokens = server.block_on(logto.tokens());
        let gate = Arc::new(Semaphore::new(0));
        logto.state().gate = Some(gate.clone());
        logto.state().takes_twice = true;
        logto.state().id_token = None;
        let first = abandon(first, is_dropped, tokens.refresh(), logto.desk.arrived(TOKEN, 2));
        gate.add_permits(2);
        let renewed = server.block_on(tokens.refresh()).unwrap();
        assert!(["opaque-2", "opaque-3"].contains(&renewed.access_token().secret()));
        assert_eq!(logto.desk.count(TOKEN), 3);
        drop(first);
    }
}

#[test]
fn no_sign_in_waits_for_the_keys_of_a_runtime_that_does_not_run() {
    let server = Builder::new_multi_thread().enable_all().build().unwrap();
    for (first, is_dropped) in abandoned() {
        let logto = server.block_on(Logto::signing(&Key::es384("k1")));
        let client = logto.client();
        let gate = Arc::new(Semaphore::new(0));
        logto.state().key_gate = Some(gate.clone());
        let work = logto.redeem(&client);
        let first = abandon(first, is_dropped, work, logto.desk.arrived(JWKS, 1));
        gate.add_permits(2);
        logto.state().number = 0;
        let tokens = server.block_on(logto.redeem(&client)).unwrap();
        assert_eq!(tokens.claims().unwrap().user.sub, "u1");
        drop(first);
    }
}

#[test]
fn without_a_runtime_no_token_is_asked_for() {
    let server = Builder::new_multi_thread().enable_all().build().unwrap();
    let logto = server.block_on(Logto::signing(&Key::es384("k1")));
    let tokens = server.block_on(logto.tokens());
    let requests = logto.desk.seen().len();
    let outside = |error: Error| assert!(error.to_string().contains("tokio runtime"), "{error}");
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut poll = |work: std::pin::Pin<&mut dyn Future<Output = Result<()>>>| {
        let std::task::Poll::Ready(Err(error)) = work.poll(&mut context) else {
            panic!("it waits")
        };
        outside(error);
    };
    poll(std::pin::pin!(async { tokens.refresh().await.map(drop) }));
    poll(std::pin::pin!(tokens.revoke()));
    poll(std::pin::pin!(async { tokens.user_info().await.map(drop) }));
    poll(std::pin::pin!(async { logto.redeem(&logto.client()).await.map(drop) }));
    poll(std::pin::pin!(async { tokens.for_organization("acme").access_token().await.map(drop) }));
    assert_eq!(logto.desk.seen().len(), requests);
}
