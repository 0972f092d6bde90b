//! Servers that speak TLS.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

/// A certificate for `localhost` that signs itself, and is good until 2126.
pub(crate) const VALID: &str = "\
    MIIBkTCCATigAwIBAgIUTUrrR03vlCtjXDiBRwXQhsYICLQwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3\
    N0MCAXDTI2MTEyNjA0MTAxNFoYDzIxMjYxMTAyMDQxMDE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjO\
    PQIBBggqhkjOPQMBBwNCAAQzI5fkNWs9BP0RJ05DGDGSGE9g0DeB2hneeIRDKeri40ZByj/gq82nd/KYkbHxp0q4sZ\
    kCfgewblJwAx18+Pcxo2YwZDAdBgNVHQ4EFgQUWLSvd+cRHC9i+NvDlIlzSJ3yFocwHwYDVR0jBBgwFoAUWLSvd+cR\
    HC9i+NvDlIlzSJ3yFocwFAYDVR0RBA0wC4IJbG9jYWxob3N0MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDRwAwRA\
    IgbBX5rnAHiZvAPPRJyaYtTm2e8M7UziV8XVQ1AyWUo1kCIHF+YC+L/vpfUr+FKoHa6aEmlBCKHCfz3vj2rXNmLlh3";

/// The same, which was good in January 2020.
pub(crate) const EXPIRED: &str = "\
    MIIBXDCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwHhcNMjAwMTAxMDAwMDAwWh\
    cNMjAwMjAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQzI5fk\
    NWs9BP0RJ05DGDGSGE9g0DeB2hneeIRDKeri40ZByj/gq82nd/KYkbHxp0q4sZkCfgewblJwAx18+Pcxo0UwQzAUBg\
    NVHREEDTALgglsb2NhbGhvc3QwDAYDVR0TAQH/BAIwADAdBgNVHQ4EFgQUWLSvd+cRHC9i+NvDlIlzSJ3yFocwCgYI\
    KoZIzj0EAwIDSAAwRQIgEH7xkF5HxEO02OmuRa4jz4VTqDcPeMiC/ZJh0Qg7R9YCIQDLXVJ1YfCd/bAnkpuTr42dSq\
    7V3Imm5TePL8euA+t7sg==";

/// The key of both. It secures nothing but these tests.
const KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJMG2tb764yiAyRElRujFXDn5ctyuxRpv6O5fZE2ZyS\
    mhRANCAAQzI5fkNWs9BP0RJ05DGDGSGE9g0DeB2hneeIRDKeri40ZByj/gq82nd/KYkbHxp0q4sZkCfgewblJwAx18\
    +Pcx";

pub(crate) fn der(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

/// The port of a server with this certificate, which answers 204 to everything.
pub(crate) fn serve(certificate: &str) -> u16 {
    let chain = vec![CertificateDer::from(der(certificate))];
    // By name: the features of other crates may bring a second provider.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(der(KEY)).into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let config = config.clone();
            thread::spawn(move || answer(stream.unwrap(), config));
        }
    });
    port
}

/// A client that does not like the certificate hangs up.
fn answer(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let mut connection = ServerConnection::new(config).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut stream);
    if stream.read(&mut [0; 4096]).is_ok() {
        let _ = stream.write_all(b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}
