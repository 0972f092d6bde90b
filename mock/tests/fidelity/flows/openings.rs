//! What had been given before a flow was recorded: codes and tokens that it uses from the start.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    cast::Cast,
    recorded::{Flow, Pairs, Step, claims, value},
    replay::Replay,
};

const DEFAULT_SCOPE: &str = "openid profile email offline_access";
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

/// Of who asks for a code that needs one, where none was recorded.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What an authorization request asks for.
struct Wish {
    app: String,
    redirect: String,
    scope: String,
    resources: Vec<String>,
    verifier: Option<String>,
    nonce: Option<String>,
    username: (String, String, String),
}

impl Replay<'_> {
    /// Gets what this step uses and no step before it was given.
    pub(crate) async fn open(&mut self, flow: &Flow, at: usize) {
        let cast = self.cast;
        let step = &flow.steps[at];
        let form = step.form();
        for name in ["code", "refresh_token", "token", "subject_token", "actor_token"] {
            let Some(recorded) = value(&form, name).filter(|own| own.len() > 20) else { continue };
            if self.knows(recorded) || !step.path().starts_with("/oidc/token") {
                continue;
            }
            let good = flow.steps[at..].iter().find(|step| {
                // A grant that is refused for another reason was there.
                let refused = step.answer()["error"].as_str().unwrap_or_default().to_owned();
                let was_there = ["invalid_target", "access_denied"].contains(&refused.as_str());
                (step.status == 200 || was_there) && value(&step.form(), name) == Some(recorded)
            });
            let Some(good) = good else { continue };
            let (recorded, name) = (recorded.to_owned(), name.to_owned());
            self.grant(cast, flow, good, &name, &recorded).await;
        }
        let bearer = step.header("authorization").and_then(|own| own.strip_prefix("Bearer "));
        let of_user = ["/oidc/me", "/api/my-account"];
        if let Some(token) = bearer
            && !self.knows(token)
            && step.status == 200
            && of_user.iter().any(|path| step.path().starts_with(path))
        {
            self.grant(cast, flow, step, "access_token", token).await;
        }
        if step.header("cookie").is_some_and(|own| own.contains("_session=")) && self.jar.is_empty()
        {
            self.sign_in_elsewhere(cast, flow, step).await;
        }
    }

    async fn grant(&mut self, cast: &Cast, flow: &Flow, step: &Step, name: &str, recorded: &str) {
        if recorded.starts_with("sub_") {
            let body = json!({ "userId": self.own(&subject(cast, flow, Some(step))) });
            let made = self.manage("POST", "/api/subject-tokens", &body).await;
            return self.equate(recorded, made["subjectToken"].as_str().unwrap_or_default());
        }
        let Some(mut wish) = self.wish(cast, flow, step) else { return };
        let told = claims(recorded);
        let audience = told.as_ref().and_then(|own| own["aud"].as_str());
        let resource = audience.filter(|own| own.starts_with("http")).map(str::to_owned);
        if name.ends_with("token") && name != "refresh_token" {
            let own = told.as_ref().and_then(|own| own["scope"].as_str()).unwrap_or_default();
            wish.scope = format!("{DEFAULT_SCOPE} {own}");
            wish.resources.extend(resource.clone());
        }
        let Some(code) = self.code(&wish).await else { return };
        if name == "code" {
            return self.equate(recorded, &code);
        }
        let is_public = cast.apps.get(&wish.app).is_none_or(|app| app.secrets.is_empty());
        let secret = self.secrets.get(&wish.app).filter(|_| !is_public).cloned();
        let mut form: Pairs = vec![
            ("grant_type".into(), "authorization_code".into()),
            ("code".into(), code),
            ("redirect_uri".into(), wish.redirect.clone()),
        ];
        form.extend(wish.verifier.map(|verifier| ("code_verifier".into(), verifier)));
        form.extend(resource.clone().map(|resource| ("resource".into(), resource)));
        let id = self.own(&wish.app);
        let tokens = self.token(&id, secret.as_deref(), form).await;
        let given = match name {
            "refresh_token" => "refresh_token",
            _ if told.is_some() && resource.is_none() => "id_token",
            _ => "access_token",
        };
        self.equate(recorded, tokens[given].as_str().unwrap_or_default());
    }

    /// A browser in which somebody is signed in.
    async fn sign_in_elsewhere(&mut self, cast: &Cast, flow: &Flow, step: &Step) {
        if let Some(wish) = self.wish(cast, flow, step) {
            self.code(&wish).await;
        }
    }

    fn wish(&self, cast: &Cast, flow: &Flow, step: &Step) -> Option<Wish> {
        let query = step.query();
        let own = step.credentials().map(|own| own.id);
        let app = own.or_else(|| value(&query, "client_id").map(str::to_owned));
        let is_web = |id: &String| {
            cast.apps.get(id).is_some_and(|app| app.has_codes && !app.redirects.is_empty())
        };
        let app = app.filter(is_web).or_else(|| cast.home())?;
        let answer = step.answer();
        let told = claims(answer["id_token"].as_str().unwrap_or_default());
        let scope = answer["scope"].as_str().unwrap_or_default();
        let scope = if scope.is_empty() { DEFAULT_SCOPE } else { scope };
        let (mut resources, mut scopes) = (Vec::new(), vec![scope.to_owned()]);
        for later in flow.steps.iter().filter(|later| later.status == 200) {
            let form = later.form();
            let named = form.iter().filter(|(name, _)| name == "resource");
            resources.extend(named.map(|(_, own)| own.clone()));
            if form.iter().any(|(name, _)| name == "organization_id") {
                resources.push(ORGANIZATIONS.to_owned());
            }
            let token = claims(later.answer()["access_token"].as_str().unwrap_or_default());
            scopes.extend(token.and_then(|own| Some(own["scope"].as_str()?.to_owned())));
        }
        let form = step.form();
        let is_public = cast.apps.get(&app)?.secrets.is_empty();
        let verifier = value(&form, "code_verifier").or(is_public.then_some(VERIFIER));
        let redirect = value(&form, "redirect_uri").map(str::to_owned);
        let registered = &cast.apps.get(&app)?.redirects;
        let redirect = redirect.filter(|uri| registered.contains(uri));
        let sub = subject(cast, flow, Some(step));
        let user = cast.users.get(&sub)?;
        let named = user.identifiers.iter().next_back();
        let (kind, name) = named.map_or_else(
            || ("username".to_owned(), user.name(&sub)),
            |(kind, name)| (kind.clone(), name.clone()),
        );
        let password = user.password.clone();
        Some(Wish {
            redirect: redirect.or_else(|| registered.first().cloned())?,
            app,
            scope: scopes.join(" "),
            resources,
            verifier: verifier.map(str::to_owned),
            nonce: told.and_then(|told| Some(told["nonce"].as_str()?.to_owned())),
            username: (kind, name, password.unwrap_or_else(|| cast.password())),
        })
    }

    /// Signs in, and gives the code that the application gets.
    async fn code(&mut self, wish: &Wish) -> Option<String> {
        let mut url = reqwest::Url::parse(self.mock.endpoint()).ok()?.join("/oidc/auth").ok()?;
        let verifier = wish.verifier.as_deref();
        let app = self.own(&wish.app);
        url.query_pairs_mut()
            .append_pair("client_id", &app)
            .append_pair("redirect_uri", &wish.redirect)
            .append_pair("response_type", "code")
            .append_pair("scope", &wish.scope)
            .append_pair("prompt", "consent");
        for resource in &wish.resources {
            url.query_pairs_mut().append_pair("resource", resource);
        }
        if let Some(verifier) = verifier {
            let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            url.query_pairs_mut()
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        if let Some(nonce) = &wish.nonce {
            url.query_pairs_mut().append_pair("nonce", nonce);
        }
        if self.signed_in.as_ref() != Some(&wish.username) {
            self.jar.clear();
        }
        let asked = self.browse("GET", url.as_str(), None).await;
        let mut next = value(&asked.headers, "location")?.to_owned();
        if next.contains("sign-in") {
            next = self.sign_in(&wish.username).await?;
        }
        for _ in 0..5 {
            let reply = self.browse("GET", &next, None).await;
            next = match value(&reply.headers, "location") {
                Some(to) => to.to_owned(),
                None => {
                    let consent =
                        self.browse("POST", "/api/interaction/consent", Some(json!({}))).await;
                    consent.json()["redirectTo"].as_str()?.to_owned()
                }
            };
            if next.starts_with(&wish.redirect) {
                let query = next.split_once('?').map_or("", |(_, query)| query);
                return value(&super::recorded::pairs(query), "code").map(str::to_owned);
            }
        }
        None
    }
}

impl Replay<'_> {
    /// Signs in; gives where the browser goes then.
    async fn sign_in(&mut self, user: &(String, String, String)) -> Option<String> {
        let api = "/api/experience";
        self.browse("PUT", api, Some(json!({ "interactionEvent": "SignIn" }))).await;
        let (kind, name, password) = user;
        let body = json!({ "identifier": { "type": kind, "value": name }, "password": password });
        let path = format!("{api}/verification/password");
        let proved = self.browse("POST", &path, Some(body)).await.json();
        let body = json!({ "verificationId": proved["verificationId"] });
        self.browse("POST", &format!("{api}/identification"), Some(body)).await;
        let done = self.browse("POST", &format!("{api}/submit"), Some(json!({}))).await.json();
        self.signed_in = Some(user.clone());
        Some(done["redirectTo"].as_str()?.to_owned())
    }
}

/// Whom a step is about: who its tokens name, or the flow's first user.
pub(crate) fn subject(cast: &Cast, flow: &Flow, step: Option<&Step>) -> String {
    let told = step.into_iter().chain(&flow.steps).find_map(Step::subject);
    let known = told.filter(|sub| cast.users.contains_key(sub));
    let named = || {
        let named = cast.users.iter().find(|(sub, _)| flow.mentions(sub));
        named.map(|(sub, _)| sub.clone())
    };
    let any = || {
        let able = cast.users.iter().find(|(_, user)| user.password.is_some());
        able.map(|(sub, _)| sub.clone())
    };
    known.or_else(named).or_else(any).unwrap_or_default()
}

impl Step {
    /// The user whom its answer tells of.
    fn subject(&self) -> Option<String> {
        let answer = self.answer();
        let of = |token: &str| claims(answer[token].as_str()?)?["sub"].as_str().map(str::to_owned);
        let own = || answer["sub"].as_str().map(str::to_owned);
        of("id_token").or_else(|| of("access_token")).or_else(own)
    }

    pub(crate) fn tells_of(&self, sub: &str) -> bool {
        self.subject().as_deref() == Some(sub)
    }
}
