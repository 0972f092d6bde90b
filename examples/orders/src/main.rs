//! ```sh
//! orders provision customers.json   # makes customers known to Logto
//! orders serve                      # the API, on port 3000
//! ```
//!
//! Logto is where `LOGTO_ENDPOINT` says; `LOGTO_APP_ID` and `LOGTO_APP_SECRET` are of a
//! machine-to-machine application that may use the Management API.

use std::{error::Error, fs};

use logto_api::Client;
use orders_example::{api, provision};

const USAGE: &str = "usage: orders provision FILE | orders serve";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let logto = Client::from_env()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["provision", file] => {
            let customers: Vec<provision::Customer> = serde_json::from_slice(&fs::read(file)?)?;
            println!("{:?}", provision::provision(&logto, &customers).await?);
        }
        ["serve"] => {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 3000)).await?;
            axum::serve(listener, api::routes(&logto)?).await?;
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}
