//! Alternatives: which are the same, which have changed, which are new or gone.

use anyhow::Result;
use serde_json::Value;

use super::cursor::Cursor;
use super::kind::{Class, Kind};
use super::reader::{Doc, Node, View};
use super::walk::{Detail, Walk};

/// A schema as it stands and as it is read.
type Read<'s, 'a> = (&'s Node<'a>, &'s View<'a>);

/// The alternatives of two schemas, and which of them are the same.
pub(super) struct Paired<'a> {
    before: Vec<Node<'a>>,
    after: Vec<Node<'a>>,
    pairs: Vec<(usize, usize)>,
}

/// Pairs the alternatives of two schemas of which at least one is a union, and reports those that
/// are new or gone. `None` where the two have nothing in common.
pub(super) fn pair<'a>(
    walk: &mut Walk<'a>,
    (base, one): Read<'_, 'a>,
    (up, other): Read<'_, 'a>,
    at: &Cursor<'a>,
    source: &Cursor<'a>,
) -> Result<Option<Paired<'a>>> {
    let before = alternatives(base, one);
    let after = alternatives(up, other);
    let pairs = pairs(walk, &before, &after)?;
    let is_union = |view: &View<'a>| !view.alternatives.is_empty();
    if pairs.is_empty() && !(is_union(one) && is_union(other)) {
        let detail = Detail::of(Some(one.summary().into()), Some(other.summary().into()));
        walk.report(Kind::TypeChanged, source, &other.at, detail);
        return Ok(None);
    }
    if let (Some(index), None) = (one.null_in, &other.nullable) {
        // Null that is gone with its alternative is no change of its own.
        if let Some((_, to)) = pairs.iter().find(|(from, _)| *from == index) {
            let pointer = walk.upstream.resolve(&after[*to])?.at;
            walk.report(Kind::NullForbidden, source, &pointer, Detail::default());
        }
    }
    for (gone, alternative) in before.iter().enumerate() {
        if !pairs.iter().any(|(index, _)| *index == gone) {
            let detail = Detail::of(Some(label(&walk.base, alternative)?), None);
            walk.report(Kind::AlternativeRemoved, at, &other.at, detail);
        }
    }
    for (new, alternative) in after.iter().enumerate() {
        if !pairs.iter().any(|(_, index)| *index == new) {
            let mut detail = Detail::of(None, Some(label(&walk.upstream, alternative)?));
            if !is_union(one) || !is_one_more(walk, alternative, &before, at)? {
                detail = detail.code(Class::Breaking);
            }
            walk.report(Kind::AlternativeAdded, at, &alternative.at, detail);
        }
    }
    Ok(Some(Paired { before, after, pairs }))
}

impl<'a> Paired<'a> {
    /// The pairs, each with the alternative of the contract that it is read as.
    pub(super) fn read_as(
        &self,
        walk: &Walk<'a>,
        at: &Cursor<'a>,
    ) -> Result<Vec<(Node<'a>, Node<'a>, Cursor<'a>)>> {
        let pairs = self.pairs.iter().map(|(from, to)| (&self.before[*from], &self.after[*to]));
        pairs
            .map(|(from, to)| Ok((from.clone(), to.clone(), counterpart(walk, from, at)?)))
            .collect()
    }

    /// Compares what tells the alternatives of two unions apart, where all are still there.
    pub(super) fn discriminators(
        &self,
        walk: &mut Walk<'a>,
        one: &View<'a>,
        other: &View<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let all = self.pairs.len();
        match all == self.before.len() && all == self.after.len() {
            true => discriminator(walk, (one, &self.before), (other, &self.after), &self.pairs, at),
            false => Ok(()),
        }
    }
}

/// Whether an alternative only adds a variant: it is told from the others as these are.
fn is_one_more<'a>(
    walk: &Walk<'a>,
    alternative: &Node<'a>,
    others: &[Node<'a>],
    at: &Cursor<'a>,
) -> Result<bool> {
    let view = walk.upstream.view(alternative)?;
    // What upstream has alternatives of may be one type after all.
    if at.node.is_some_and(|node| node.get("oneOf").is_none()) {
        return Ok(false);
    }
    let tag = at.node.and_then(|union| union["discriminator"]["propertyName"].as_str());
    if let Some(tag) = tag {
        let Some(member) = view.members.get(tag) else { return Ok(false) };
        return Ok(walk.upstream.view(member)?.values.is_some() && view.required.contains(tag));
    }
    for other in others {
        if walk.base.view(other)?.types == view.types {
            return Ok(false);
        }
    }
    Ok(true)
}

fn alternatives<'a>(node: &Node<'a>, view: &View<'a>) -> Vec<Node<'a>> {
    if view.alternatives.is_empty() { vec![node.clone()] } else { view.alternatives.clone() }
}

/// Equal alternatives first, then those that have most in common.
fn pairs<'a>(
    walk: &Walk<'a>,
    before: &[Node<'a>],
    after: &[Node<'a>],
) -> Result<Vec<(usize, usize)>> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut keys = Vec::new();
    for node in after {
        keys.push(walk.upstream.key(node, &mut Vec::new())?);
    }
    for (from, node) in before.iter().enumerate() {
        let key = walk.base.key(node, &mut Vec::new())?;
        let free = |to: &usize| !pairs.iter().any(|(_, taken)| taken == to);
        if let Some(to) = (0..after.len()).filter(free).find(|to| keys[*to] == key) {
            pairs.push((from, to));
        }
    }
    let rest = |length: usize, taken: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..length).filter(|index| !taken(*index)).collect()
    };
    let from = rest(before.len(), &|index| pairs.iter().any(|(from, _)| *from == index));
    let to = rest(after.len(), &|index| pairs.iter().any(|(_, to)| *to == index));
    if let ([from], [to], true) =
        (from.as_slice(), to.as_slice(), before.len() > 1 && after.len() > 1)
    {
        pairs.push((*from, *to));
        return Ok(pairs);
    }
    let mut likely = Vec::new();
    for from in &from {
        for to in &to {
            let one = walk.base.view(&before[*from])?;
            let other = walk.upstream.view(&after[*to])?;
            likely.push((likeness(&one, &walk.base, &other, &walk.upstream)?, *from, *to));
        }
    }
    likely.sort_by_key(|(score, from, to)| (std::cmp::Reverse(*score), *from, *to));
    for (score, from, to) in likely {
        let taken = pairs.iter().any(|(known, other)| *known == from || *other == to);
        if score > 0 && !taken {
            pairs.push((from, to));
        }
    }
    Ok(pairs)
}

/// How much two schemas have in common: nothing where a literal tells them apart.
pub(super) fn likeness<'a>(
    one: &View<'a>,
    in_one: &Doc<'a>,
    other: &View<'a>,
    in_other: &Doc<'a>,
) -> Result<usize> {
    if one.types != other.types {
        return Ok(0);
    }
    if one.members.is_empty() || other.members.is_empty() {
        return Ok(usize::from(one.members.is_empty() && other.members.is_empty()));
    }
    let mut score = 0;
    for (name, member) in &one.members {
        let Some(counterpart) = other.members.get(name) else { continue };
        let (member, counterpart) = (in_one.view(member)?, in_other.view(counterpart)?);
        let (Some(values), Some(others)) = (&member.values, &counterpart.values) else {
            score += 1;
            continue;
        };
        match values.intersection(others).count() {
            0 if values.len() == 1 && others.len() == 1 => return Ok(0),
            shared => score += 1 + 8 * shared.min(1),
        }
    }
    // Less than a third in common is chance.
    let all = one.members.len().max(other.members.len());
    Ok(if score * 3 >= all { score } else { 0 })
}

/// The alternative of the contract that an alternative is read as.
fn counterpart<'a>(walk: &Walk<'a>, node: &Node<'a>, at: &Cursor<'a>) -> Result<Cursor<'a>> {
    let candidates = walk.contract.alternatives(at);
    let contract = Doc { root: walk.contract.root() };
    let view = walk.base.view(node)?;
    let mut best = (0, at.clone());
    for candidate in candidates {
        let Some(value) = candidate.node else { continue };
        if std::ptr::eq(value, node.value) {
            return Ok(candidate);
        }
        let theirs = contract.view(&Node { value, at: String::new() })?;
        let score = likeness(&view, &walk.base, &theirs, &contract)?;
        if score > best.0 {
            best = (score, candidate);
        }
    }
    Ok(best.1)
}

/// What an alternative is told by.
fn label<'a>(doc: &Doc<'a>, node: &Node<'a>) -> Result<Value> {
    let view = doc.view(node)?;
    for (name, member) in &view.members {
        let values = doc.view(member)?.values.unwrap_or_default();
        if let Some(value) = values.first().filter(|_| values.len() == 1) {
            return Ok(format!("{name}: {value}").into());
        }
    }
    if view.members.is_empty() {
        return Ok(view.summary().into());
    }
    let names: Vec<&str> = view.members.keys().copied().collect();
    Ok(format!("{{{}}}", names.join(", ")).into())
}

/// Which literal leads to which alternative.
fn discriminator<'a>(
    walk: &mut Walk<'a>,
    (one, before): (&View<'a>, &[Node<'a>]),
    (other, after): (&View<'a>, &[Node<'a>]),
    pairs: &[(usize, usize)],
    at: &Cursor<'a>,
) -> Result<()> {
    let paired = |from: Option<usize>| {
        pairs.iter().find(|(one, _)| Some(*one) == from).map(|(_, other)| *other)
    };
    let mut expected = mapping(&walk.base, one, before)?;
    if let Some((_, mapping)) = &mut expected {
        mapping.iter_mut().for_each(|(_, target)| *target = paired(*target));
    }
    let mut found = mapping(&walk.upstream, other, after)?;
    for (_, mapping) in expected.iter_mut().chain(&mut found) {
        mapping.sort();
    }
    if expected != found {
        let said = |view: &View<'a>| view.discriminator.as_ref().map(|node| node.value.clone());
        let pointer = format!("{}/discriminator", other.at);
        let detail = Detail::of(said(one), said(other));
        walk.report(Kind::DiscriminatorChanged, at, &pointer, detail);
    }
    Ok(())
}

/// A discriminator's member, and the position of the alternative that each of its values leads to.
type Mapping<'a> = (Option<&'a str>, Vec<(String, Option<usize>)>);

fn mapping<'a>(
    doc: &Doc<'a>,
    view: &View<'a>,
    alternatives: &[Node<'a>],
) -> Result<Option<Mapping<'a>>> {
    let Some(node) = &view.discriminator else { return Ok(None) };
    let mut keys = Vec::new();
    for alternative in alternatives {
        keys.push(doc.key(alternative, &mut Vec::new())?);
    }
    let mut mapping = Vec::new();
    for (tag, target) in node.get("mapping").iter().flat_map(Node::entries) {
        let Some(name) = target.value.as_str() else { continue };
        let bare = format!("#/components/schemas/{name}");
        let reference = if name.contains(['#', '/']) { name } else { &bare };
        let target = doc.follow(reference, &target.at)?;
        let key = doc.key(&target, &mut Vec::new())?;
        mapping.push((tag.to_owned(), keys.iter().position(|known| *known == key)));
    }
    Ok(Some((node.text("propertyName"), mapping)))
}
