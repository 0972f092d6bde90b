//! The public items of the generated code, one line each: what users of the crate can write.
//!
//! Two such lists, compared, tell what a new contract changes for them.

use proc_macro2::TokenStream;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use syn::parse::{Parse, ParseStream};
use syn::{Token, punctuated::Punctuated};

use crate::Generated;
use crate::error::{Error, Result};

/// The public items of the generated code, sorted. Paths of the crate are left out.
///
/// | line | what it is |
/// | --- | --- |
/// | `users()` | a group of operations |
/// | `users.create(name: impl IntoText) -> User` | its method, and what `send` returns |
/// | `users.create.nickname(NullableText)` | a setter of its request, by what it takes |
/// | `deprecated users.create` | a method that is deprecated |
/// | `User struct`, `Factor enum` | a model |
/// | `User.name: Option<String>` | a member |
/// | `Factor::Totp(TotpFactor)` | a variant |
/// | `User::new(name: impl IntoText)`, `User::default()` | a function of a model |
/// | `User::nickname(NullableText)` | a setter of a model |
/// | `Factor::from<TotpFactor>` | a conversion into a model |
///
/// # Errors
///
/// When the generated code is not in the form that this crate writes.
pub fn public_items(generated: &Generated) -> Result<Vec<String>> {
    let mut lines = BTreeSet::new();
    for item in parse(&generated.groups.whole())?.items {
        match item {
            syn::Item::Impl(client) => {
                lines.extend(functions(&client).map(|f| format!("{}()", f.sig.ident)));
            }
            syn::Item::Mod(module) => group(&module, &mut lines)?,
            _ => {}
        }
    }
    for item in parse(&generated.models.whole())?.items {
        model(item, &mut lines)?;
    }
    Ok(lines.into_iter().collect())
}

/// What a line of [`public_items`] is about; the rest of the line says how it is.
pub fn public_key(line: &str) -> &str {
    if line.starts_with("deprecated ") {
        return line;
    }
    let end = line.find(['(', ' ']).unwrap_or(line.len());
    line[..end].trim_end_matches(':')
}

fn parse(code: &str) -> Result<syn::File> {
    syn::parse_file(code).map_err(problem)
}

fn problem(error: syn::Error) -> Error {
    Error::new("generated code", error.to_string())
}

/// The methods of a group, each with what the request that it starts returns.
fn group(module: &syn::ItemMod, lines: &mut BTreeSet<String>) -> Result<()> {
    let group = &module.ident;
    let items = || module.content.iter().flat_map(|(_, items)| items);
    let mut blocks: BTreeMap<String, &syn::ItemImpl> = BTreeMap::new();
    for item in items() {
        if let syn::Item::Impl(block) = item {
            blocks.insert(text(&block.self_ty), block);
        }
    }
    let mut sent = BTreeMap::new();
    for Sends { request, response } in calls(items(), "sends")? {
        sent.insert(request.to_string(), text(&response));
    }
    let mut started = BTreeMap::new();
    for function in blocks.values().flat_map(|block| functions(block)) {
        let request = response(&function.sig);
        let Some(sent) = sent.get(&request) else { continue };
        let name = format!("{group}.{}", function.sig.ident);
        if function.attrs.iter().any(|attribute| attribute.path().is_ident("deprecated")) {
            lines.insert(format!("deprecated {name}"));
        }
        lines.insert(format!("{name}({}) -> {sent}", named(&function.sig)));
        for part in blocks.get(&request).into_iter().flat_map(|block| functions(block)) {
            lines.insert(match part.sig.ident.to_string().as_str() {
                "download" => format!("{name}.download() -> {}", received(&part.sig)),
                other => format!("{name}.{other}({})", types(&part.sig)),
            });
        }
        started.insert(request, name);
    }
    let of = |request: &syn::Ident| started.get(&request.to_string()).cloned().unwrap_or_default();
    for Setters { owner, setters } in calls(items(), "setters")? {
        lines.extend(setters.iter().map(|setter| format!("{}.{setter}", of(&owner))));
    }
    for Streams(streams) in calls(items(), "streams")? {
        for Stream { request, item } in streams {
            lines.insert(format!("{}.stream() -> ItemStream<{}>", of(&request), text(&item)));
        }
    }
    Ok(())
}

/// What the calls of a macro are given.
fn calls<'a, T: Parse>(items: impl Iterator<Item = &'a syn::Item>, name: &str) -> Result<Vec<T>> {
    let calls = items.filter_map(|item| match item {
        syn::Item::Macro(call) if ends_in(&call.mac.path, name) => Some(&call.mac),
        _ => None,
    });
    calls.map(|call| call.parse_body().map_err(problem)).collect()
}

fn model(item: syn::Item, lines: &mut BTreeSet<String>) -> Result<()> {
    match item {
        syn::Item::Struct(model) => {
            let name = &model.ident;
            lines.insert(format!("{name} struct"));
            for field in model.fields.iter().filter(|field| is_public(&field.vis)) {
                if let Some(member) = &field.ident {
                    lines.insert(format!("{name}.{member}: {}", text(&field.ty)));
                }
            }
            if derives_default(&model.attrs) {
                lines.insert(format!("{name}::default()"));
            }
        }
        syn::Item::Enum(model) => {
            lines.insert(format!("{} enum", model.ident));
            lines.extend(model.variants.iter().map(|variant| {
                format!("{}::{}{}", model.ident, variant.ident, text(&variant.fields))
            }));
        }
        syn::Item::Impl(block) => {
            let name = text(&block.self_ty);
            match &block.trait_ {
                Some((path, _)) if ends_in(path, "Debug") => {}
                Some((path, _)) => {
                    lines.insert(format!("{name}::{}", text(path).replacen("From", "from", 1)));
                }
                None => lines.extend(
                    functions(&block)
                        .map(|f| format!("{name}::{}({})", f.sig.ident, named(&f.sig))),
                ),
            }
        }
        syn::Item::Macro(call) if ends_in(&call.mac.path, "setters") => {
            let Setters { owner, setters } = call.mac.parse_body().map_err(problem)?;
            lines.extend(setters.iter().map(|setter| format!("{owner}::{setter}")));
        }
        syn::Item::Macro(call) if !is_hidden(&call.mac.path) => {
            let Union { name, variants } = call.mac.parse_body().map_err(problem)?;
            lines.insert(format!("{name} enum"));
            lines.extend(variants.iter().map(|variant| format!("{name}::{variant}")));
        }
        _ => {}
    }
    Ok(())
}

/// Whether a macro makes nothing that has a name.
fn is_hidden(path: &syn::Path) -> bool {
    ["redacted_debug", "json_object"].iter().any(|name| ends_in(path, name))
}

fn ends_in(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

fn functions(block: &syn::ItemImpl) -> impl Iterator<Item = &syn::ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(function) if is_public(&function.vis) => Some(function),
        _ => None,
    })
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

fn derives_default(attributes: &[syn::Attribute]) -> bool {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    derives
        .filter_map(|attribute| attribute.meta.require_list().ok())
        .any(|list| list.tokens.to_string().split(", ").any(|name| name == "Default"))
}

/// The arguments with their names, which tell two texts apart.
fn named(signature: &syn::Signature) -> String {
    let arguments = arguments(signature);
    arguments.map(|a| format!("{}: {}", text(&a.pat), text(&a.ty))).collect::<Vec<_>>().join(", ")
}

fn types(signature: &syn::Signature) -> String {
    arguments(signature).map(|argument| text(&argument.ty)).collect::<Vec<_>>().join(", ")
}

fn arguments(signature: &syn::Signature) -> impl Iterator<Item = &syn::PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(argument) => Some(argument),
        syn::FnArg::Receiver(_) => None,
    })
}

fn response(signature: &syn::Signature) -> String {
    match &signature.output {
        syn::ReturnType::Type(_, ty) => text(ty),
        syn::ReturnType::Default => "()".into(),
    }
}

/// What is in the `Result`.
fn received(signature: &syn::Signature) -> String {
    let response = response(signature);
    let inner = response.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>'));
    inner.map_or_else(|| response.clone(), str::to_owned)
}

/// Tokens as one would write them, without the paths of the crate.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    for word in tokens.to_token_stream().to_string().split_whitespace() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if text.ends_with(is_word) && word.starts_with(is_word) {
            text.push(' ');
        }
        text += word;
    }
    for path in ["crate::models::", "crate::", "std::collections::"] {
        text = text.replace(path, "");
    }
    let text = text.replace(",>", ">").replace(",)", ")");
    text.replace(',', ", ").replace('=', " = ")
}

/// `Create -> User as Json; …`
struct Sends {
    request: syn::Ident,
    response: syn::Type,
}

impl Parse for Sends {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let request = input.parse()?;
        input.parse::<Token![->]>()?;
        let response = input.parse()?;
        input.parse::<Token![as]>()?;
        input.parse::<syn::Ident>()?;
        input.parse::<Token![;]>()?;
        // How it is sent is nothing that the public sees.
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(Self { request, response })
    }
}

/// `Create [body.]; nickname maybe_nickname: NullableText, kind maybe_kind: Value(Kind) = r#type,`
struct Setters {
    owner: syn::Ident,
    setters: Vec<String>,
}

impl Parse for Setters {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let owner = input.parse()?;
        let place;
        syn::bracketed!(place in input);
        place.parse::<TokenStream>()?;
        input.parse::<Token![;]>()?;
        let setters = Punctuated::<SetterLine, Token![,]>::parse_terminated(input)?;
        Ok(Self { owner, setters: setters.into_iter().map(|setter| setter.0).collect() })
    }
}

struct SetterLine(String);

impl Parse for SetterLine {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        let name: syn::Ident = input.parse()?;
        input.parse::<syn::Ident>()?;
        input.parse::<Token![:]>()?;
        let mut kind = input.parse::<syn::Ident>()?.to_string();
        if input.peek(syn::token::Paren) {
            let of;
            syn::parenthesized!(of in input);
            kind += &format!("({})", text(&of.parse::<TokenStream>()?));
        }
        if input.parse::<Option<Token![=]>>()?.is_some() {
            input.parse::<syn::Ident>()?;
        }
        Ok(Self(format!("{name}({kind})")))
    }
}

/// `List => User, ListRoles => Role`
struct Streams(Punctuated<Stream, Token![,]>);

struct Stream {
    request: syn::Ident,
    item: syn::Type,
}

impl Parse for Streams {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Punctuated::parse_terminated(input).map(Self)
    }
}

impl Parse for Stream {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let request = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok(Self { request, item: input.parse()? })
    }
}

/// The body of `open_enum!` or `tagged_union!`.
struct Union {
    name: syn::Ident,
    variants: Vec<String>,
}

impl Parse for Union {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse()?;
        if !input.peek(syn::token::Brace) {
            input.parse::<syn::Ident>()?;
            input.parse::<syn::LitStr>()?;
        }
        let body;
        syn::braced!(body in input);
        let variants = Punctuated::<Variant, Token![,]>::parse_terminated(&body)?;
        Ok(Self { name, variants: variants.into_iter().map(|variant| variant.0).collect() })
    }
}

/// `Small = "small"`, or `[missing] Off(NoFactor) = [false]`
struct Variant(String);

impl Parse for Variant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        if input.peek(syn::token::Bracket) {
            let missing;
            syn::bracketed!(missing in input);
            missing.parse::<TokenStream>()?;
        }
        let name: syn::Ident = input.parse()?;
        let mut variant = name.to_string();
        if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            variant += &format!("({})", text(&content.parse::<TokenStream>()?));
        }
        input.parse::<Token![=]>()?;
        input.parse::<syn::Expr>()?;
        Ok(Self(variant))
    }
}
