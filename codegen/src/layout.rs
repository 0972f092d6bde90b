//! Macro calls that are laid out by hand: the formatter would run their lines together, and make
//! attributes of their comments.

use std::cell::RefCell;

/// Texts that stand in formatted code where [`put`](Self::put) left a mark.
#[derive(Default)]
pub(crate) struct LaidOut(RefCell<Vec<String>>);

impl LaidOut {
    /// Keeps the text, and returns what stands for it until the code is formatted.
    pub(crate) fn put(&self, text: String) -> String {
        if text.is_empty() {
            return text;
        }
        let mut texts = self.0.borrow_mut();
        texts.push(text);
        format!("laid_out!({});\n", texts.len() - 1)
    }

    /// The code with the texts in their places, indented like these.
    pub(crate) fn restore(&self, formatted: &str) -> String {
        let texts = self.0.borrow();
        let mut code = String::new();
        for line in formatted.lines() {
            let rest = line.trim_start();
            let index = rest.strip_prefix("laid_out!(").and_then(|rest| rest.strip_suffix(");"));
            let text = index.and_then(|index| texts.get(index.parse::<usize>().ok()?));
            match text {
                Some(text) => {
                    let margin = &line[..line.len() - rest.len()];
                    code.extend(text.lines().map(|line| format!("{margin}{line}\n")));
                }
                None => {
                    code += line;
                    code.push('\n');
                }
            }
        }
        code
    }
}

/// Four spaces before each line.
pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
