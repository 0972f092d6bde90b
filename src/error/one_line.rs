//! Strings from outside, made fit for one line of a log.

/// The text in at most so many characters, on one line, and in the order in which it reads: what
/// would end a line, reorder it, hide in it or move the cursor is escaped.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            line.push('…');
            break;
        }
        match character {
            '\n' | '\r' | '\t' => line.push(' '),
            unfit if is_unfit(unfit) => line.extend(unfit.escape_unicode()),
            fit => line.push(fit),
        }
    }
    line
}

/// Controls (C0, DEL, C1), line separators, directional controls, and characters without a width
/// but the joiners, which some languages are written with.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn what_is_written_stays_readable() {
        for text in ["Nicht gefunden: „ä“", "می‌خواهم", "क्‍ष", "日本語 👩‍🚀", r#"a "b" \n"#]
        {
            assert_eq!(one_line(text, 100), text);
        }
        assert_eq!(one_line("No such\nthing.\r\n\tReally", 100), "No such thing.   Really");
    }

    #[test]
    fn nothing_ends_the_line_or_turns_it() {
        let unfit = "\0\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200b}\u{200e}\u{2028}\u{2029}\u{202a}\u{202e}\
                     \u{2066}\u{2069}\u{feff}\u{e0041}";
        for character in unfit.chars() {
            let line = one_line(&format!("a{character}b"), 100);
            assert_eq!(line, format!("a\\u{{{:x}}}b", u32::from(character)));
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(one_line("äöü", 3), "äöü");
        assert_eq!(one_line("äöüß", 3), "äöü…");
    }
}
