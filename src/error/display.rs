//! An error in words.

use std::fmt;

use super::{
    ApiError, AuthFailure, Cause, Error, Kind, SHOWN, ServiceFailure, TimeLimit, connection,
    one_line::one_line, sign_in as sign_in_errors,
};

/// How many fields are named.
const FIELDS: usize = 8;

impl Error {
    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Config(problem) | Kind::Request(problem) => f.write_str(problem),
            Kind::Auth(failure) => unauthorized(f, failure),
            Kind::Api(response) => self.refused(f, response),
            Kind::Decode(response) => {
                let status = response.status.as_u16();
                write!(f, "Logto responded with {status}, but the body cannot be decoded")?;
                if response.path != "." {
                    write!(f, " at `{}`", one_line(&response.path, 300))?;
                }
                write!(f, ": {}", response.problem)
            }
            Kind::Transport(transport) => {
                let Some(status) = transport.status else {
                    return f.write_str(&connection::problem(&transport.source));
                };
                let problem = connection::body_problem(&transport.source);
                let status = status.as_u16();
                write!(f, "Logto responded with {status}, but the body is incomplete: {problem}")
            }
            Kind::Service(ServiceFailure { server, cause: Some(cause) }) => {
                match connection::service_problem(&**cause, server) {
                    Some(problem) => write!(f, "the client's transport failed: {problem}"),
                    None => {
                        write!(f, "the client's transport failed to get a response from {server}")
                    }
                }
            }
            Kind::Service(ServiceFailure { server, cause: None }) => {
                write!(f, "timed out waiting for the response of {server}")
            }
            Kind::TooLarge(response) => write!(
                f,
                "Logto responded with {}, but the body exceeds the limit of {} bytes: raise it with \
                 `max_response_size(…)` on the call or the client",
                response.status.as_u16(),
                response.limit
            ),
            Kind::Deadline => f.write_str("the call timed out"),
            Kind::Incomplete { missing, total } => write!(
                f,
                "the list ended early: {missing} of the {total} items that the server counts are \
                 missing"
            ),
            Kind::SignIn(sign_in) => {
                f.write_str(&sign_in.problem)?;
                write_reason(f, sign_in.code.as_deref(), sign_in.message.as_deref())?;
                write_scope(f, sign_in.scope.as_deref())?;
                hinted(f, sign_in_errors::hint(sign_in.code.as_deref(), sign_in.message.as_deref()))
            }
        }
    }

    /// The error that Logto responded with.
    fn refused(&self, f: &mut fmt::Formatter<'_>, response: &ApiError) -> fmt::Result {
        write!(f, "Logto responded with {}", response.status.as_u16())?;
        if response.code.is_none() && response.message.is_none() {
            if let Some(reason) = response.status.canonical_reason() {
                write!(f, " {reason}")?;
            }
            f.write_str(match response.status.is_redirection() {
                true => ", and redirects are not followed: check the endpoint's address",
                false => " and no error details",
            })?;
        } else {
            write_reason(f, response.code.as_deref(), response.shown_message())?;
            write_scope(f, response.scope.as_deref())?;
        }
        let fields = self.invalid_fields();
        if !fields.is_empty() {
            let mut named: Vec<_> = fields
                .iter()
                .take(FIELDS)
                .map(|field| format!("`{}`", one_line(field, 100)))
                .collect();
            if fields.len() > FIELDS {
                named.push(format!("{} more", fields.len() - FIELDS));
            }
            write!(f, " (invalid: {})", named.join(", "))?;
        }
        match (response.absent, response.hint) {
            (Some(absent), Some(hint)) => write!(f, " ({absent}; {hint})"),
            (Some(absent), None) => write!(f, " ({absent})"),
            (None, hint) => hinted(f, hint),
        }
    }
}

/// Why there was no token.
fn unauthorized(f: &mut fmt::Formatter<'_>, failure: &AuthFailure) -> fmt::Result {
    f.write_str(&failure.problem)?;
    match &failure.cause {
        Cause::Call(error) => write!(f, ": {error}")?,
        Cause::Http(error) => write!(f, ": {}", connection::problem(error))?,
        Cause::None
        | Cause::TimedOut
        | Cause::HeldUp
        | Cause::Service(_)
        | Cause::Store(_)
        | Cause::Provider(_) => {
            write_reason(f, failure.code.as_deref(), failure.message.as_deref())?;
            write_scope(f, failure.scope.as_deref())?;
        }
    }
    hinted(f, failure.hint.as_deref())
}

/// What to do about it.
fn hinted(f: &mut fmt::Formatter<'_>, hint: Option<&str>) -> fmt::Result {
    match hint {
        Some(hint) => write!(f, " ({hint})"),
        None => Ok(()),
    }
}

/// ` code: message`, as far as there is any.
fn write_reason(
    f: &mut fmt::Formatter<'_>,
    code: Option<&str>,
    message: Option<&str>,
) -> fmt::Result {
    if let Some(code) = code {
        write!(f, " {}", one_line(code, 100))?;
    }
    match message {
        Some(message) => write!(f, ": {}", one_line(message, 500)),
        None => Ok(()),
    }
}

/// The scope that was rejected.
fn write_scope(f: &mut fmt::Formatter<'_>, scope: Option<&str>) -> fmt::Result {
    match scope {
        Some(scope) => write!(f, ": `{}`", one_line(scope, 200)),
        None => Ok(()),
    }
}

/// What happened, without the operation and the request id.
struct Summary<'a>(&'a Error);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.summary(f)?;
        let limit = match &self.0.0.kind {
            Kind::Auth(failure) => failure.limit,
            _ => None,
        };
        match self.0.0.limit.or(limit) {
            Some(TimeLimit { option, time }) => write!(f, " (the limit `{option}` is {time:?})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&Summary(self).to_string(), SHOWN))?;
        let facts = [
            self.operation().map(|operation| format!("operation {operation}")),
            self.request_id().map(|id| format!("request {}", one_line(id, 64))),
            (self.0.attempts > 1).then(|| format!("{} attempts", self.0.attempts)),
            (self.may_have_taken_effect() && !self.is_outcome_unknown())
                .then(|| "an earlier attempt may have taken effect".to_owned()),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        match facts.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", facts.join(", ")),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind_name())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("code", &self.code().map(|code| one_line(code, 100)))
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Auth(failure) => failure.source(),
            Kind::Service(service) => Some(&**service.cause.as_ref()?),
            _ => connection::untold(self.source_error()?),
        }
    }
}
