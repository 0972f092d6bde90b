//! What the corrections still do, and which are stale.

use anyhow::{Result, bail};
use logto_api_contract::{Effect, Standing};

/// A line for each correction, and one for each part of it that is no longer to the point.
pub(super) fn report(effects: &[Effect]) -> Vec<String> {
    effects.iter().flat_map(lines).collect()
}

/// The lines of those that are no longer to the point.
pub(super) fn stale(effects: &[Effect]) -> Vec<String> {
    let stale = effects.iter().filter(|effect| effect.standing() != Standing::Needed);
    stale.flat_map(lines).collect()
}

/// Refuses all stale corrections at once.
pub(super) fn refuse_stale(effects: &[Effect]) -> Result<()> {
    let stale = stale(effects);
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "corrections.yaml is stale: drop or adapt what follows, or let --allow-stale-corrections \
         pass over it (for documents of another release)\n{}",
        stale.join("\n")
    )
}

fn lines(effect: &Effect) -> Vec<String> {
    let state = match effect.standing() {
        Standing::Needed => format!("applied at {}{}", places(effect.places), releases(effect)),
        Standing::Unneeded => {
            format!("no longer needed: upstream says so itself at {}", places(effect.places))
        }
        Standing::Lost => "no longer applies: its target matches nothing".to_owned(),
    };
    let mut lines = vec![format!("- {state}: `{}`", effect.target)];
    if let Some(reason) = &effect.reason {
        lines.push(format!("  {reason}"));
    }
    if effect.standing() == Standing::Needed && !effect.unchanged.is_empty() {
        lines.push(format!("  No longer needed at {}.", effect.unchanged.join(", ")));
    }
    if effect.standing() != Standing::Lost && !effect.missing.is_empty() {
        lines.push(format!("  It names what is gone: {}.", effect.missing.join(", ")));
    }
    lines
}

fn places(count: usize) -> String {
    match count {
        1 => "1 place".to_owned(),
        many => format!("{many} places"),
    }
}

/// Which releases need it, where that is not all of them.
fn releases(effect: &Effect) -> String {
    match &effect.releases[..] {
        _ if effect.is_needed_by_all => String::new(),
        [only] => format!(" of {only}"),
        [first, .., last] => format!(" of {} releases, {first} to {last}", effect.releases.len()),
        [] => String::new(),
    }
}
