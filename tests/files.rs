//! Files on their way to and from the server.

#![cfg(all(feature = "user-assets", feature = "saml-applications"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/server.rs"]
mod server;

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use clock::TestClock;
use futures_util::{Stream, TryStreamExt, stream};
use logto_api::{Bytes, Client, Download, RetryPolicy, Upload};
use server::{Server, answer};

const ASSET: &str = r#"{"url":"https://a.example/a.png"}"#;

/// A folder of a test's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("logto-api-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The head and the body of a request.
type Form = (String, Vec<u8>);

/// A server that reads forms to their end, whatever way they are sent. Its last answer is a success.
fn form_server(answers: usize) -> (Client, JoinHandle<Vec<Form>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let forms = thread::spawn(move || {
        (0..answers)
            .map(|attempt| {
                let (stream, _) = listener.accept().unwrap();
                let form = read_form(&mut BufReader::new(&stream));
                let last = attempt + 1 == answers;
                let answer = answer(
                    if last { 200 } else { 503 },
                    "content-type: application/json\r\nretry-after: 0\r\n",
                    ASSET,
                );
                (&stream).write_all(answer.as_bytes()).unwrap();
                form
            })
            .collect()
    });
    let client = Client::builder(endpoint).bearer_token("a-token").clock(TestClock::new(0.5));
    (client.build().unwrap(), forms)
}

fn read_head(stream: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    head.to_lowercase()
}

fn read_form(stream: &mut impl BufRead) -> Form {
    let head = read_head(stream);
    let mut body = Vec::new();
    if let Some((_, rest)) = head.split_once("\r\ncontent-length: ") {
        let length: u64 = rest.split("\r\n").next().unwrap().parse().unwrap();
        stream.take(length).read_to_end(&mut body).unwrap();
        return (head, body);
    }
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let length = u64::from_str_radix(line.trim_end(), 16).unwrap();
        stream.take(length).read_to_end(&mut body).unwrap();
        stream.read_line(&mut line).unwrap();
        if length == 0 {
            return (head, body);
        }
    }
}

/// The headers and the content of the only part of a form.
fn part(form: &[u8]) -> (String, &[u8]) {
    let find = |what: &[u8]| form.windows(what.len()).position(|window| window == what).unwrap();
    let (start, end) = (find(b"\r\n") + 2, find(b"\r\n\r\n"));
    let last = form.len() - 2 - form[..start - 2].len() - 2 - 2;
    (String::from_utf8(form[start..end].to_vec()).unwrap(), &form[end + 4..last])
}

fn pieces(
    pieces: &[&'static str],
) -> impl Stream<Item = io::Result<&'static str>> + Send + 'static {
    stream::iter(pieces.iter().map(|piece| Ok(*piece)).collect::<Vec<_>>())
}

/// For what would wait for ever if it went wrong.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("it hangs")
}

#[tokio::test]
async fn a_file_is_sent_as_the_part_of_a_form() {
    let folder = Folder::new();
    let path = folder.file("Grüße an \"Ä\".png", "abc");
    for (upload, name, known) in [
        (Upload::bytes("a.png", "image/png", "abc"), "a.png", true),
        (Upload::file(&path, "image/png"), "Grüße an \\\"Ä\\\".png", true),
        (
            Upload::stream("a b.png", "image/png", pieces(&["ab", "", "c"]), Some(3)),
            "a b.png",
            true,
        ),
        (Upload::stream("a\\b.png", "image/png", pieces(&["ab", "c"]), None), "a\\\\b.png", false),
    ] {
        let (logto, forms) = form_server(1);
        let asset = within(logto.user_assets().upload(upload).send()).await.unwrap();
        assert_eq!(asset.url, "https://a.example/a.png");
        let (head, form) = forms.join().unwrap().remove(0);
        assert!(head.starts_with("post /api/user-assets http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: multipart/form-data; boundary="), "{head}");
        assert_eq!(head.contains("\r\ncontent-length: "), known, "{head}");
        let (headers, content) = part(&form);
        let disposition = format!("form-data; name=\"file\"; filename=\"{name}\"\r\n");
        assert!(headers.contains(&disposition), "{headers}");
        assert!(headers.ends_with("\r\nContent-Type: image/png"), "{headers}");
        assert_eq!(content, b"abc");
    }
}

#[tokio::test]
async fn progress_is_told_to_the_end() {
    let content: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let folder = Folder::new();
    let path = folder.file("a.bin", &content);
    let half = |half: &[u8]| Ok::<_, io::Error>(Bytes::copy_from_slice(half));
    let halves = stream::iter([half(&content[..100_000]), half(&content[100_000..])]);
    for (upload, total, steps) in [
        (Upload::bytes("a.bin", "application/zip", content.clone()), Some(200_000), 4),
        (Upload::file(&path, "application/zip"), Some(200_000), 4),
        (Upload::stream("a.bin", "application/zip", halves, None), None, 2),
    ] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = told.clone();
        let upload = upload.on_progress(move |sent, total| log.lock().unwrap().push((sent, total)));
        let (logto, forms) = form_server(1);
        within(logto.user_assets().upload(upload).send()).await.unwrap();
        let (_, form) = forms.join().unwrap().remove(0);
        assert!(part(&form).1 == content, "the content is not what was sent");
        let told = told.lock().unwrap();
        assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "{told:?}");
        assert!(told.len() >= steps, "{told:?}");
        assert_eq!(told.last(), Some(&(200_000, total)));
    }
}

#[tokio::test]
async fn a_file_can_be_sent_again_and_a_stream_cannot() {
    let folder = Folder::new();
    let upload = Upload::file(folder.file("a.txt", "abc"), "text/plain");
    // 503 with `Retry-After` says that nothing was done, so also a POST is repeated.
    let (logto, forms) = form_server(2);
    within(logto.user_assets().upload(upload).send()).await.unwrap();
    let forms = forms.join().unwrap();
    assert_eq!((part(&forms[0].1).1, part(&forms[1].1).1), (&b"abc"[..], &b"abc"[..]));

    let (logto, forms) = form_server(1);
    let upload = Upload::stream("a.txt", "text/plain", pieces(&["abc"]), None);
    logto.user_assets().upload(upload.clone()).send().await.unwrap();
    forms.join().unwrap();
    let error = logto.user_assets().upload(upload).send().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("sent already"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is() {
    let folder = Folder::new();
    let sparse = folder.0.join("3gb.zip");
    fs::File::create(&sparse).unwrap().set_len(3 << 30).unwrap();
    let missing = folder.0.join("missing.png");
    let server = Server::start(|_| answer(200, "", ASSET));
    for (upload, says) in [
        (Upload::file(&sparse, "application/zip"), "1073741824"),
        (Upload::stream("a", "text/plain", pieces(&["a"]), Some(3 << 30)), "1073741824"),
        (Upload::file(&missing, "image/png"), "missing.png"),
        (Upload::file(&folder.0, "image/png"), "is not a file"),
        (Upload::file("/", "image/png"), "file name"),
        (Upload::bytes("", "image/png", "a"), "file name"),
        (Upload::bytes("a\r\nX-Evil: 1", "image/png", "a"), "file name"),
        (Upload::bytes("a", "png", "a"), "content type"),
        (Upload::bytes("a", "image/png\r\nX-Evil: 1", "a"), "content type"),
    ] {
        let error = server.app().user_assets().upload(upload).send().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(server.seen().len(), 0, "not even a token is fetched");
}

#[tokio::test]
async fn a_stream_of_another_length_than_stated_is_an_error() {
    for (length, says) in
        [(2, "more than the announced 2 bytes"), (4, "ended after 3 of the announced 4 bytes")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let got = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = Vec::new();
            // It may be reset instead of closed.
            let _ = stream.read_to_end(&mut got);
            String::from_utf8_lossy(&got).into_owned()
        });
        let logto = Client::builder(endpoint).bearer_token("a-token").build().unwrap();
        let upload = Upload::stream("a", "text/plain", pieces(&["ab", "c"]), Some(length));
        let error = within(logto.user_assets().upload(upload).send()).await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(says), "{error}");
        assert_eq!(error.operation(), Some("CreateUserAsset"));
        drop(logto);
        let got = got.join().unwrap();
        assert!(!got.contains("--\r\n"), "the form must not look whole: {got}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_keeps_its_error() {
    let (listener, upload) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        Upload::stream(
            "a",
            "text/plain",
            stream::iter([Ok("a"), Err(io::Error::other("the disk is gone"))]),
            None,
        ),
    );
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let logto = Client::builder(endpoint).bearer_token("a-token").build().unwrap();
    let error = within(logto.user_assets().upload(upload).send()).await.unwrap_err();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    assert_eq!(cause.to_string(), "the disk is gone");
}

/// A server for one download: it sends the head, and whatever bytes it is then told to.
fn download_server(head: &'static str) -> (Client, JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let accepted = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        read_head(&mut BufReader::new(&stream));
        (&stream)
            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\nlogto-core-request-id: req-1\r\n")
            .unwrap();
        (&stream).write_all(head.as_bytes()).unwrap();
        stream
    });
    (Client::builder(endpoint).retry(RetryPolicy::never()).build().unwrap(), accepted)
}

async fn download(logto: &Client) -> Download {
    within(logto.saml_applications().get_metadata("s").token("t").download()).await.unwrap()
}

const XML: &str = "content-type: text/xml\r\ncontent-length: 12\r\n\
                   content-disposition: attachment; filename=\"meta.xml\"\r\n\r\n";

#[tokio::test]
async fn a_download_is_read_as_it_comes() {
    let (logto, server) = download_server(XML);
    let mut file = download(&logto).await;
    let mut server = server.join().unwrap();
    assert_eq!(file.content_type(), Some("text/xml"));
    assert_eq!(file.content_length(), Some(12));
    assert_eq!(file.file_name(), Some("meta.xml"));
    assert_eq!(file.request_id(), Some("req-1"));
    assert_eq!(file.headers()["content-type"], "text/xml");

    // Each piece is sent when the one before it has been read.
    for piece in ["<Entity", "/>", "\r\n\r"] {
        server.write_all(piece.as_bytes()).unwrap();
        assert_eq!(within(file.next()).await.unwrap().unwrap(), piece);
    }
    assert!(within(file.next()).await.is_none() && file.next().await.is_none());
    assert!(!format!("{file:?}").contains("Entity"));
}

#[tokio::test]
async fn a_download_can_be_had_whole_or_as_a_stream() {
    let (logto, server) = download_server(XML);
    let file = download(&logto).await;
    server.join().unwrap().write_all(b"<Entity/>\r\n\n").unwrap();
    assert_eq!(within(file.bytes()).await.unwrap(), "<Entity/>\r\n\n");

    let (logto, server) = download_server("transfer-encoding: chunked\r\n\r\n");
    let file = download(&logto).await;
    assert_eq!((file.content_type(), file.content_length(), file.file_name()), (None, None, None));
    server.join().unwrap().write_all(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n").unwrap();
    let pieces: Vec<Bytes> = within(file.try_collect()).await.unwrap();
    assert_eq!(pieces.concat(), b"abc");
}

#[tokio::test]
async fn a_download_that_breaks_off_is_an_error() {
    let (logto, server) = download_server(XML);
    let mut file = download(&logto).await;
    server.join().unwrap().write_all(b"<Entity").unwrap();
    assert_eq!(within(file.next()).await.unwrap().unwrap(), "<Entity");
    let error = within(file.next()).await.unwrap().unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(error.request_id(), Some("req-1"));
    assert_eq!(error.operation(), Some("ListSamlApplicationMetadata"));
    assert_eq!(error.attempts(), 1);
    assert!(file.next().await.is_none());

    let (logto, server) = download_server(XML);
    let file = download(&logto).await;
    server.join().unwrap().write_all(b"<Entity").unwrap();
    assert!(within(file.bytes()).await.is_err());
}

#[tokio::test]
async fn a_download_is_saved_whole_or_not_at_all() {
    let folder = Folder::new();
    let path = folder.file("meta.xml", "before");
    let (logto, server) = download_server(XML);
    let file = download(&logto).await;
    let mut server = server.join().unwrap();
    let saving = tokio::spawn(file.save_to(path.clone()));
    server.write_all(b"<Entity").unwrap();
    drop(server);
    let error = within(saving).await.unwrap().unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(folder.names(), ["meta.xml"]);

    let (logto, server) = download_server(XML);
    let file = download(&logto).await;
    server.join().unwrap().write_all(b"<Entity/>\r\n\n").unwrap();
    assert_eq!(within(file.save_to(&path)).await.unwrap(), 12);
    assert_eq!(fs::read_to_string(&path).unwrap(), "<Entity/>\r\n\n");
    assert_eq!(folder.names(), ["meta.xml"]);

    let (logto, server) = download_server(XML);
    let file = download(&logto).await;
    server.join().unwrap().write_all(b"<Entity/>\r\n\n").unwrap();
    let error = within(file.save_to(folder.0.join("none/meta.xml"))).await.unwrap_err();
    assert!(error.to_string().contains("none/meta.xml") && error.is_invalid_request(), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_file_is_an_error() {
    for (status, headers) in [(404, ""), (302, "location: /elsewhere\r\n")] {
        let server =
            Server::start(move |_| answer(status, headers, r#"{"code":"entity.not_found"}"#));
        let request = server.client().saml_applications().get_metadata("s").token("t");
        let error = request.download().await.unwrap_err();
        assert_eq!(error.status().map(|found| found.as_u16()), Some(status));
        assert_eq!(error.has_code("entity.not_found"), status == 404);
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.request_id(), Some("req-1"));
    }
}
