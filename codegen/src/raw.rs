//! Runs progenitor over the operations, for a client that writes requests.
//!
//! progenitor cannot tell several kinds of success apart, drops the bodies of
//! errors and knows no multipart requests. It is therefore given a view of the
//! contract in which every response is bytes and every upload an octet stream,
//! and its functions are cut off where they would send: the runtime sends and
//! judges in one place, and [`crate::groups`] says what responses are. Headers
//! are left to the runtime, too. Models are replaced by the crate's own.

use openapiv3::OpenAPI;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use serde_json::{Map, Value, json};

use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;

use crate::contract::{Body, Location, Operation, Parameter};
use crate::error::{Error, Result};
use crate::types::Type;

pub(crate) fn write(operations: &[&Operation]) -> Result<String> {
    let mut replaced = Replaced::default();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(&operation.path).or_insert_with(|| json!({}));
        path[&operation.verb] = view(operation, &mut replaced);
    }
    let document: OpenAPI = serde_json::from_value(json!({
        "openapi": "3.0.3",
        "info": {"title": "Logto API", "version": ""},
        "paths": paths,
        "components": {"schemas": replaced.schemas},
    }))
    .map_err(|error| Error::new("raw client", error.to_string()))?;
    let tokens = Generator::new(replaced.settings())
        .generate_tokens(&document)
        .map_err(|error| Error::new("raw client", error.to_string()))?;
    let mut file: syn::File =
        syn::parse2(tokens).map_err(|error| Error::new("raw client", error.to_string()))?;
    file.items.iter_mut().for_each(drop_constructors);
    file.items.retain(writes_requests);
    file.items.splice(0..0, imports());
    Cut.visit_file_mut(&mut file);
    Ok(prettyplease::unparse(&file))
}

/// The schemas that stand for Rust types, and what they stand for.
struct Replaced {
    schemas: Map<String, Value>,
    settings: GenerationSettings,
}

impl Default for Replaced {
    fn default() -> Self {
        let mut settings = GenerationSettings::new();
        settings.with_interface(InterfaceStyle::Positional).with_tag(TagStyle::Merged);
        Self { schemas: Map::new(), settings }
    }
}

impl Replaced {
    fn settings(&self) -> &GenerationSettings {
        &self.settings
    }

    /// A reference that progenitor turns into exactly this type.
    fn reference(&mut self, name: &str, ty: &Type) -> Value {
        self.schemas.insert(name.to_owned(), json!({"type": "object"}));
        self.settings.with_replacement(name, ty.rust(), std::iter::empty());
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}

fn view(operation: &Operation, replaced: &mut Replaced) -> Value {
    let parameters: Vec<_> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location != Location::Header)
        .map(|parameter| view_parameter(operation, parameter, replaced))
        .collect();
    let mut view = json!({
        "operationId": operation.id,
        "parameters": parameters,
        "responses": {"default": {"description": "", "content": {"*/*": {}}}},
    });
    match &operation.body {
        None => {}
        Some(Body::Upload) => {
            view["requestBody"] = json!({"content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            }});
        }
        Some(Body::Typed { ty, form, .. }) => {
            let media = match form {
                true => "application/x-www-form-urlencoded",
                false => "application/json",
            };
            let schema = replaced.reference(&format!("{}Body", operation.id), ty);
            view["requestBody"] = json!({"content": {media: {"schema": schema}}});
        }
    }
    view
}

fn view_parameter(operation: &Operation, parameter: &Parameter, replaced: &mut Replaced) -> Value {
    let schema = match &parameter.ty {
        Type::Text => json!({"type": "string"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Integer | Type::Timestamp => json!({"type": "integer", "format": "int64"}),
        Type::Double => json!({"type": "number", "format": "double"}),
        other => {
            let name = format!("{}-{}", operation.id, parameter.name);
            replaced.reference(&heck::AsPascalCase(name).to_string(), other)
        }
    };
    json!({
        "name": parameter.name,
        "in": if parameter.location == Location::Path { "path" } else { "query" },
        "required": parameter.required,
        "schema": schema,
    })
}

/// What is left of progenitor's file: the client and its functions.
fn writes_requests(item: &syn::Item) -> bool {
    match item {
        syn::Item::Struct(_) => true,
        syn::Item::Impl(block) => block.trait_.is_none() && !block.items.is_empty(),
        _ => false,
    }
}

fn imports() -> [syn::Item; 2] {
    [
        syn::parse_quote! {
            #[allow(unused_imports)]
            use progenitor_client::{RequestBuilderExt, encode_path};
        },
        syn::parse_quote! {
            #[allow(unused_imports)]
            use crate::models::json_body::{Built, WithJson};
        },
    ]
}

/// The crate makes its clients over the user's `reqwest::Client`; a generated
/// constructor would make one of its own, and panic where that fails.
fn drop_constructors(item: &mut syn::Item) {
    if let syn::Item::Impl(block) = item {
        block.items.retain(|item| match item {
            syn::ImplItem::Fn(function) => function.sig.asyncness.is_some(),
            _ => true,
        });
    }
}

/// Cuts functions off after the request that they build, and leaves out the
/// headers: all that progenitor would send is the document's version, which
/// Logto does not know.
struct Cut;

impl VisitMut for Cut {
    fn visit_impl_item_fn_mut(&mut self, function: &mut syn::ImplItemFn) {
        function.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
        function.attrs.push(syn::parse_quote!(#[inline]));
        function.sig.asyncness = None;
        function.sig.output = syn::parse_quote!(-> Built);
        let generics = std::mem::take(&mut function.sig.generics.params);
        let types =
            generics.into_iter().filter(|one| !matches!(one, syn::GenericParam::Lifetime(_)));
        function.sig.generics.params = types.collect();
        let statements = &mut function.block.stmts;
        end_with_request(statements);
        statements.retain(|statement| !says(statement, "header_map . append"));
        statements.retain(|statement| value_of(statement, "header_map").is_none());
        syn::visit_mut::visit_signature_mut(self, &mut function.sig);
        syn::visit_mut::visit_block_mut(self, &mut function.block);
        tail(&mut function.block.stmts);
    }

    /// A reference to what is not written lives as long as the compiler sees fit.
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        reference.lifetime = None;
        syn::visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_receiver_mut(&mut self, receiver: &mut syn::Receiver) {
        *receiver = syn::parse_quote!(&self);
    }

    fn visit_expr_mut(&mut self, expression: &mut syn::Expr) {
        if let syn::Expr::MethodCall(call) = expression
            && call.method == "headers"
            && call.args.len() == 1
        {
            *expression = (*call.receiver).clone();
        }
        // Compiled for each model, what the HTTP client does of it is much; the crate's own is not.
        if let syn::Expr::MethodCall(call) = expression
            && call.method == "json"
        {
            call.method = syn::parse_quote!(with_json);
            call.args = syn::parse_quote!(body);
        }
        if let syn::Expr::MethodCall(call) = expression
            && call.method == "query"
            && let Some(arguments) = call.args.first().and_then(query_parameter)
        {
            call.method = syn::parse_quote!(with_query);
            call.args = arguments;
        }
        syn::visit_mut::visit_expr_mut(self, expression);
    }
}

/// The name and the value of `&progenitor_client::QueryParam::new(name, value)`.
fn query_parameter(argument: &syn::Expr) -> Option<Punctuated<syn::Expr, syn::Token![,]>> {
    match argument {
        syn::Expr::Reference(reference) => match &*reference.expr {
            syn::Expr::Call(call) => Some(call.args.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// `Ok(request.build()?)` as `request.built()`.
fn tail(statements: &mut [syn::Stmt]) {
    if let Some(syn::Stmt::Expr(last, None)) = statements.last_mut()
        && let syn::Expr::Call(call) = &*last
        && let Some(syn::Expr::Try(tried)) = call.args.first()
        && let syn::Expr::MethodCall(build) = &*tried.expr
    {
        let mut built = build.clone();
        built.method = syn::parse_quote!(built);
        *last = syn::Expr::MethodCall(built);
    }
}

/// What comes after the request is built is dropped.
fn end_with_request(statements: &mut Vec<syn::Stmt>) {
    let built = statements
        .iter()
        .enumerate()
        .find_map(|(index, statement)| Some((index, value_of(statement, "request")?.clone())));
    if let Some((index, request)) = built {
        statements.truncate(index);
        statements.push(syn::Stmt::Expr(syn::parse_quote!(Ok(#request)), None));
    }
}

/// What a variable of this name is bound to by the statement.
fn value_of<'a>(statement: &'a syn::Stmt, name: &str) -> Option<&'a syn::Expr> {
    match statement {
        syn::Stmt::Local(syn::Local {
            pat: syn::Pat::Ident(pattern), init: Some(init), ..
        }) if pattern.ident == name => Some(&init.expr),
        _ => None,
    }
}

fn says(statement: &syn::Stmt, text: &str) -> bool {
    quote::quote!(#statement).to_string().contains(text)
}
