//! The programs that are built.

/// A program of five calls.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// What the README calls it.
    pub(super) title: &'static str,
    /// Lines of `[dependencies]`; `CRATE` is the path of this workspace.
    pub(super) dependencies: &'static str,
    pub(super) main: &'static str,
}

/// What the others are compared with.
pub(super) const BARE: &str = "bare";

const TOKIO: &str = "\
fn main() -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}
";

const HTTP: &str = "async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let client = reqwest::Client::new();
    for path in [\"a\", \"b\", \"c\", \"d\", \"e\"] {
        let answer = client.get(format!(\"http://localhost/{path}\")).send().await?;
        println!(\"{:?}\", answer.json::<serde_json::Value>().await?);
    }
    Ok(())
}
";

const CLIENT: &str = "async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let client = logto_api::Client::builder(\"https://logto.example\").build()?;
    println!(\"{:?}\", client.users().get(\"a\").send().await?);
    println!(\"{:?}\", client.users().create().username(\"b\").send().await?);
    println!(\"{:?}\", client.users().update(\"c\").name(\"d\").send().await?);
    println!(\"{:?}\", client.users().list().page(1).send().await?.total());
    client.users().delete(\"e\").send().await?;
    Ok(())
}
";

const ANY: &str = "async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let client = logto_api::Client::builder(\"https://logto.example\").build()?;
    println!(\"{client:?}\");
    Ok(())
}
";

const NOTHING: &str = "use logto_api as _;\nfn main() {}\n";

/// In the order in which they are built.
pub(super) const ALL: [Program; 8] = [
    Program {
        name: BARE,
        title: "reqwest (rustls), tokio and serde_json alone",
        dependencies: "",
        main: HTTP,
    },
    Program {
        name: "default",
        title: "the default features",
        dependencies: "logto-api = { path = \"CRATE\" }",
        main: CLIENT,
    },
    Program {
        name: "users",
        title: "`rustls`, `users`",
        dependencies: "logto-api = { path = \"CRATE\", default-features = false, features = [\"users\", \"rustls\"] }",
        main: CLIENT,
    },
    Program {
        name: "experience",
        title: "`rustls`, `experience`",
        dependencies: "logto-api = { path = \"CRATE\", default-features = false, features = [\"experience\", \"rustls\"] }",
        main: ANY,
    },
    Program {
        name: "sign-in",
        title: "`rustls`, `sign-in`",
        dependencies: "logto-api = { path = \"CRATE\", default-features = false, features = [\"sign-in\", \"rustls\"] }",
        main: ANY,
    },
    Program {
        name: "verify+axum",
        title: "`verify`, `axum`",
        dependencies: "logto-api = { path = \"CRATE\", default-features = false, features = [\"verify\", \"axum\"] }",
        main: ANY,
    },
    Program {
        name: "axum+jsonwebtoken",
        title: "axum and jsonwebtoken beside reqwest, without this crate",
        dependencies: "axum = \"0.8\"\njsonwebtoken = { version = \"11.1\", default-features = false, features = [\"aws_lc_rs\"] }",
        main: HTTP,
    },
    Program {
        name: "webhooks",
        title: "`webhooks`, without an HTTP client",
        dependencies: "logto-api = { path = \"CRATE\", default-features = false, features = [\"webhooks\"] }",
        main: NOTHING,
    },
];

impl Program {
    pub(super) fn manifest(&self, workspace: &str) -> String {
        let client = match self.main == NOTHING {
            true => "",
            false => {
                "reqwest = { version = \"0.13\", default-features = false, features = [\"charset\", \"http2\", \"json\", \"rustls\", \"system-proxy\"] }
serde_json = \"1\"
tokio = { version = \"1\", features = [\"net\", \"rt\", \"time\"] }"
            }
        };
        // Incremental where it is for users: not for what comes from a registry, as this crate does.
        format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [profile.dev]\nincremental = true\n\n[profile.dev.package.\"*\"]\nincremental = false\n\n\
             [dependencies]\n{client}\n{}\n",
            self.dependencies.replace("CRATE", workspace)
        )
    }

    pub(super) fn source(&self) -> String {
        match self.main == NOTHING {
            true => self.main.to_owned(),
            false => TOKIO.to_owned() + self.main,
        }
    }
}
