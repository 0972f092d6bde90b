//! A command-line tool with a sign-in, which stores the user's tokens.
//!
//! Without these variables it uses a mock of Logto. For your own server:
//!
//! ```sh
//! export LOGTO_ENDPOINT=http://localhost:3001
//! LOGTO_CLIENT_ID=… cargo run --example cli_sign_in              # in the browser of this machine
//! LOGTO_CLIENT_ID=… cargo run --example cli_sign_in -- --device  # with a code, on any device
//! cargo run --example cli_sign_in -- --sign-out
//! ```
//!
//! The first needs a native application with the redirect URI `http://127.0.0.1/callback`, the
//! second one that was created for the device flow. The tokens are stored in the file
//! `LOGTO_TOKENS`, by default `logto-tokens.json`, which only the user can read.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use logto_api::{
    Client,
    sign_in::{StoredTokens, UserTokens},
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The redirect URI of a native application, with any port.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

#[tokio::main]
async fn main() -> Outcome<()> {
    if env::var_os("LOGTO_ENDPOINT").is_none() {
        return on_stand_in().await;
    }
    let var = |name: &str| env::var(name).map_err(|_| format!("set {name}"));
    let logto = Client::builder(var("LOGTO_ENDPOINT")?).build()?;
    let file = File(env::var_os("LOGTO_TOKENS").unwrap_or("logto-tokens.json".into()).into());
    let wanted = env::args().nth(1).unwrap_or_default();
    if wanted == "--sign-out" {
        return sign_out(&logto, &file).await;
    }
    let tokens = match file.tokens(&logto)? {
        Some(tokens) => tokens,
        None if wanted == "--device" => by_device(&logto, &var("LOGTO_CLIENT_ID")?).await?,
        None => by_browser(&logto, &var("LOGTO_CLIENT_ID")?).await?,
    };
    let name = greet(&file, tokens).await?;
    println!("signed in as {name}");
    Ok(())
}

/// Signs in to the mock, where alice confirms at once.
pub(crate) async fn on_stand_in() -> Outcome<()> {
    let mock = logto_mock::Mock::start().await?;
    println!("LOGTO_ENDPOINT is not set: talking to a mock at {}", mock.endpoint());
    let alice = mock.add_user("alice", "correct horse 7 battery");
    let logto = Client::builder(mock.endpoint()).build()?;
    let device = logto.device_sign_in(mock.device_app_id()).begin().await?;
    println!("alice confirms {}", device.user_code());
    mock.approve_device(device.user_code(), &alice);
    let file = File(env::temp_dir().join(format!("logto-tokens-{}.json", std::process::id())));
    println!("signed in as {}", greet(&file, device.tokens().await?).await?);
    sign_out(&logto, &file).await
}

/// Signs in with a code, on any device.
pub(crate) async fn by_device(logto: &Client, client_id: &str) -> Outcome<UserTokens> {
    let device = logto.device_sign_in(client_id).begin().await?;
    let page = device.verification_uri_complete().unwrap_or(device.verification_uri());
    println!("Open {page} and compare the code: {}", device.user_code());
    match device.tokens().await {
        Err(error) if error.is_sign_in_refused() => Err("the sign-in was denied".into()),
        Err(error) if error.is_device_code_expired() => Err("the code has expired".into()),
        outcome => Ok(outcome?),
    }
}

/// Signs in with the browser of this machine.
pub(crate) async fn by_browser(logto: &Client, client_id: &str) -> Outcome<UserTokens> {
    let sign_in = logto.sign_in(client_id, REDIRECT_URI).loopback().await?;
    println!("Open {} in your browser", sign_in.url());
    Ok(sign_in.tokens().await?)
}

/// The signed-in user. The tokens are stored whenever they change.
pub(crate) async fn greet(file: &File, tokens: UserTokens) -> Outcome<String> {
    file.keep(&tokens.to_stored())?;
    let kept = file.clone();
    tokens.on_change(move |set| {
        if let Err(error) = kept.keep(set) {
            println!("the tokens could not be kept: {error}");
        }
    });
    match tokens.user_info().await {
        Err(error) if error.is_sign_in_required() => {
            file.forget()?;
            Err("you have been signed out: sign in again".into())
        }
        user => Ok(user?.username.unwrap_or_else(|| "somebody without a username".to_owned())),
    }
}

/// Revokes the tokens, and deletes them.
pub(crate) async fn sign_out(logto: &Client, file: &File) -> Outcome<()> {
    if let Some(tokens) = file.tokens(logto)? {
        tokens.revoke().await?;
        file.forget()?;
    }
    println!("signed out");
    Ok(())
}

/// The file with the tokens.
#[derive(Clone)]
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    fn tokens(&self, logto: &Client) -> Outcome<Option<UserTokens>> {
        let text = match fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        Ok(Some(serde_json::from_str::<StoredTokens>(&text)?.restore(logto, None)?))
    }

    /// It is written to a temporary file and renamed, so that it is never incomplete.
    fn keep(&self, set: &StoredTokens) -> Outcome<()> {
        let beside = self.0.with_extension("new");
        write_private(&beside, serde_json::to_string(set)?.as_bytes())?;
        Ok(fs::rename(beside, &self.0)?)
    }

    fn forget(&self) -> io::Result<()> {
        fs::remove_file(&self.0)
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}
