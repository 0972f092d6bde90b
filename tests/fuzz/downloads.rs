//! Files that are answers: status, headers, body.

use std::path::{Component, Path};

use logto_api::Method;

use crate::{desk, message::Message, told};

pub(crate) fn target(input: &[u8]) {
    let message = Message::read(input);
    let (client, answer) = (desk::client(), message.clone());
    let request = client.request(Method::GET, "/api/files/1").max_response_size(1_000);
    let outcome = desk::run(move |_| answer.clone(), async {
        let download = request.download().await?;
        if let Some(name) = download.file_name() {
            assert!(is_plain(name), "{name:?}");
        }
        let _ = (download.content_type(), download.content_length(), download.request_id());
        let _ = format!("{download:?}");
        download.bytes().await
    });
    match outcome {
        Ok(body) => assert!(body == message.body && body.len() <= 1_000),
        Err(error) => {
            assert_eq!(error.is_response_too_large(), is_too_large(&message), "{error}");
            told::check(&error, input);
        }
    }
}

fn is_too_large(message: &Message) -> bool {
    let is_file = message.status.is_success() || message.status.is_redirection();
    is_file && message.body.len() > 1_000
}

/// Whether it is the name of a file in whatever folder it is put.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    alone && !name.contains(['/', '\\', '\0', ':']) && !name.chars().any(char::is_control)
}
