//! Which organization a request is about.

use std::{fmt, sync::Arc};

use super::RequestHead;

/// Where a request names the organization that it is about.
#[derive(Clone)]
pub(super) enum OrganizationSource {
    /// The segments of a path, one of which is the organization.
    Path(Arc<[Segment]>),
    Header(Arc<str>),
    Other(Arc<Find>),
}

type Find = dyn Fn(&RequestHead<'_>) -> Option<String> + Send + Sync;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Organization,
    Any,
    Literal(String),
}

impl OrganizationSource {
    /// By a template such as `/organizations/{organization}`. `None` where it does not say where
    /// the organization is.
    pub(super) fn path(template: &str) -> Option<Self> {
        let segments: Arc<[_]> = template.strip_prefix('/')?.split('/').map(Segment::of).collect();
        let count = segments.iter().filter(|part| **part == Segment::Organization).count();
        (count == 1).then_some(Self::Path(segments))
    }

    /// The id that the request names.
    pub(super) fn find(&self, head: &RequestHead<'_>) -> Option<String> {
        let found = match self {
            Self::Path(segments) => in_path(segments, head.path()).map(str::to_owned),
            Self::Header(name) => head.header(name).map(str::to_owned),
            Self::Other(find) => find(head),
        };
        found.filter(|id| !id.is_empty())
    }
}

impl Segment {
    fn of(part: &str) -> Self {
        match part {
            "{organization}" => Self::Organization,
            part if part.starts_with('{') && part.ends_with('}') => Self::Any,
            part => Self::Literal(part.to_owned()),
        }
    }
}

/// The path may go on after the template.
fn in_path<'a>(segments: &[Segment], path: &'a str) -> Option<&'a str> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let mut organization = None;
    for segment in segments {
        let part = parts.next()?;
        match segment {
            Segment::Organization => organization = Some(part),
            Segment::Literal(literal) if literal != part => return None,
            Segment::Any | Segment::Literal(_) => {}
        }
    }
    organization
}

impl fmt::Debug for OrganizationSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(segments) => f.debug_tuple("Path").field(segments).finish(),
            Self::Header(name) => f.debug_tuple("Header").field(name).finish(),
            Self::Other(_) => f.write_str("Other"),
        }
    }
}
