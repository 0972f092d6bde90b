//! Uploads, refused for want of storage.

use logto_api::Upload;
use logto_api::models::UserAssetServiceState;

use crate::harness::{Outcome, Run};

/// The smallest there is: one pixel.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

pub(crate) async fn scenario(run: Run) -> Outcome {
    let assets = run.logto.user_assets();
    let text = Upload::bytes("a.txt", "text/plain", &b"hello"[..]);
    let refused = assets.upload(text).send().await.unwrap_err();
    assert!(refused.is_bad_request(), "{refused}");

    let service = assets.get_service_status().send().await?;
    if service.status != UserAssetServiceState::NotConfigured {
        eprintln!("this server has storage: nothing is uploaded to it");
        return Ok(());
    }
    assert_eq!(refused.code(), Some("guard.mime_type_not_allowed"));
    let image = Upload::bytes("a.png", "image/png", PNG);
    let refused = assets.upload(image).send().await.unwrap_err();
    assert!(refused.is_bad_request(), "{refused}");
    assert_eq!(refused.code(), Some("storage.not_configured"));
    Ok(())
}
