//! Generates the client, the models and the groups of operations from the
//! contract in `openapi/`, for the Cargo features that are enabled.

use std::path::Path;
use std::{env, error::Error, fs};

const CODES: &str = "openapi/codes.txt";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    #[cfg(feature = "operations")]
    operations::write(out)?;
    if cfg!(feature = "client") {
        println!("cargo:rerun-if-changed={CODES}");
        fs::write(out.join("codes.rs"), codes(&fs::read_to_string(CODES)?))?;
    }
    Ok(())
}

/// A call of the macro that makes a constant of each code.
fn codes(list: &str) -> String {
    let line = |code: &str| format!("{} = {code:?};\n", code.to_uppercase().replace('.', "_"));
    format!("codes! {{\n{}}}\n", list.lines().map(line).collect::<String>())
}

#[cfg(feature = "operations")]
mod operations {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::{env, error::Error, fs, io};

    use logto_api_codegen::{Contract, Docs, Operation, feature, generate};

    const CONTRACT: &str = "openapi/logto.json";
    const DOCS: &str = "openapi/docs.json";
    const RELEASES: &str = "openapi/releases";

    pub(super) fn write(out: &Path) -> Result<(), Box<dyn Error>> {
        for file in [CONTRACT, DOCS] {
            println!("cargo:rerun-if-changed={file}");
        }
        let contract = Contract::parse(&fs::read_to_string(CONTRACT)?)?;
        let docs = Docs::parse(&fs::read_to_string(DOCS)?)?;
        let generated = generate(&contract, &docs, is_enabled)?;
        for folder in ["models", "groups"] {
            // What an earlier build with other features left there.
            fs::remove_dir_all(out.join(folder)).or_else(no_matter)?;
            fs::create_dir_all(out.join(folder))?;
        }
        println!("cargo:rustc-env=LOGTO_API_PARTS={}", parts(&contract));
        fs::write(out.join("raw.rs"), generated.raw)?;
        fs::write(out.join("models.rs"), &generated.models.index)?;
        fs::write(out.join("groups.rs"), &generated.groups.index)?;
        for (path, code) in generated.models.pages.iter().chain(&generated.groups.pages) {
            fs::write(out.join(path), code)?;
        }
        // The published crate has no tests.
        if Path::new("tests").is_dir() {
            fs::write(out.join("calls.rs"), generated.calls)?;
        }
        if is_enabled("drift") {
            fs::write(out.join("releases.rs"), releases()?)?;
        }
        fs::write(out.join("supported.rs"), format!("&{:?}", contract.releases))?;
        Ok(())
    }

    fn no_matter(error: io::Error) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }
    }

    /// The texts of what is kept of the releases, as an expression.
    fn releases() -> Result<String, Box<dyn Error>> {
        println!("cargo:rerun-if-changed={RELEASES}");
        let mut entries = Vec::new();
        for entry in fs::read_dir(RELEASES)? {
            let path = entry?.path().canonicalize()?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            entries.push(format!("({name:?}, include_str!({:?}))", path.to_string_lossy()));
        }
        entries.sort();
        Ok(format!("&[{}]", entries.join(", ")))
    }

    /// What `Client::check_contract` looks at: the groups that are enabled, each after its API and
    /// a dot. Empty where that makes no difference.
    fn parts(contract: &Contract) -> String {
        let is_enabled = |operation: &&Operation| is_enabled(&operation.group);
        if contract.operations.iter().all(|operation| is_enabled(&operation)) {
            return String::new();
        }
        let enabled = contract.operations.iter().filter(is_enabled);
        let parts: BTreeSet<_> = enabled.map(|o| format!("{}.{}", o.api, o.group)).collect();
        parts.into_iter().collect::<Vec<_>>().join(",")
    }

    /// Whether the Cargo feature of a group of operations is enabled.
    fn is_enabled(group: &str) -> bool {
        let name = feature(group).to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
    }
}
