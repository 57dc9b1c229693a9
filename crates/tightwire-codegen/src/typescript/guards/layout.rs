//! Conditions put together: as an operand of a larger expression, and as a `return` statement.

use super::super::writer::Writer;

/// Conditions that all have to hold, as one operand; `None` where there are none.
pub(super) fn all(mut conditions: Vec<String>) -> Option<String> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(format!("({})", conditions.join(" && "))),
    }
}

/// Alternatives as one operand.
pub(super) fn any(alternatives: &[String]) -> String {
    match alternatives {
        [only] => only.clone(),
        _ => format!("({})", alternatives.join(" || ")),
    }
}

/// `return …;` of conditions that all have to hold.
pub(super) fn write_return(conditions: &[String], w: &mut Writer) {
    let (operands, operator) = match conditions {
        [] => return w.line("return true;"),
        [only] => (alternatives(bare(only)), "||"),
        _ => (conditions.iter().map(String::as_str).collect(), "&&"),
    };
    let joined = operands.join(&format!(" {operator} "));
    let single = format!("return {joined};");
    if operands.len() == 1 || w.fits(&single) {
        w.line(single);
        return;
    }
    w.block("return (", ");", |w| {
        if w.fits(&joined) {
            w.line(joined);
            return;
        }
        for (index, operand) in operands.iter().enumerate() {
            let end = if index + 1 == operands.len() { String::new() } else { format!(" {operator}") };
            w.line(format!("{operand}{end}"));
        }
    });
}

/// The operands of the `||` that is not within any brackets.
fn alternatives(expression: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (index, c) in expression.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '|' if depth == 0 && expression[..index].ends_with(' ') && expression[index..].starts_with("|| ") => {
                found.push(&expression[start..index - 1]);
                start = index + 3;
            }
            // What follows an arrow or a question mark belongs to it.
            '>' | '?'
                if depth == 0
                    && expression[..index].ends_with(['=', ' '])
                    && !expression[index..].starts_with(">=") =>
            {
                return vec![expression];
            }
            _ => {}
        }
    }
    found.push(&expression[start..]);
    found
}

/// An expression without the parentheses around all of it.
pub(super) fn bare(expression: &str) -> &str {
    let Some(inner) = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return expression };
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return expression;
        }
    }
    inner
}
