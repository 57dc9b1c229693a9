//! ECMA-262 patterns as regular expression literals in Unicode mode.
//!
//! JSON Schema counts code points, so the `u` flag is needed; but that mode refuses escapes that mean nothing (`\-`) and
//! stray brackets, which documents contain. They are written in the form that both modes read alike.

/// The literal of a pattern, or why there is none.
pub(super) fn literal(pattern: &str) -> Result<String, String> {
    let mut out = String::from("/");
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(escaped) = chars.next() else { return Err("it ends in a backslash".to_owned()) };
                escape(escaped, in_class, &mut out)?;
                let braced = matches!(escaped, 'p' | 'P' | 'u') && chars.peek() == Some(&'{');
                if braced {
                    // The braces belong to the escape: `\p{Letter}`.
                    out.extend(chars.by_ref().take_while(|&c| c != '}'));
                    out.push('}');
                } else if matches!(escaped, 'p' | 'P') {
                    return Err(format!("\\{escaped} needs the name of a property in braces"));
                }
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            ']' => out.push_str("\\]"),
            '/' if !in_class => out.push_str("\\/"),
            '{' if !in_class => match quantifier(&mut chars.clone()) {
                Some(text) => {
                    for _ in 0..text.chars().count() {
                        chars.next();
                    }
                    out.push('{');
                    out.push_str(&text);
                }
                None => out.push_str("\\{"),
            },
            '}' if !in_class => out.push_str("\\}"),
            '(' if chars.peek() == Some(&'?') && !in_class => {
                let ahead: String = chars.clone().skip(1).take(2).collect();
                let known = [":", "=", "!", "<"].iter().any(|group| ahead.starts_with(group));
                if !known {
                    return Err(format!("(?{ahead} is not of ECMA-262"));
                }
                out.push('(');
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    if in_class {
        return Err("a [ is never closed".to_owned());
    }
    if out.len() == 1 {
        out.push_str("(?:)");
    }
    out.push_str("/u");
    Ok(out)
}

/// The rest of `{n}`, `{n,}` or `{n,m}`, if that is what follows.
fn quantifier(chars: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    for c in chars {
        text.push(c);
        match c {
            '}' => break,
            '0'..='9' | ',' => {}
            _ => return None,
        }
    }
    let (least, most) = text.strip_suffix('}')?.split_once(',').unwrap_or((text.strip_suffix('}')?, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then_some(text)
}

fn escape(escaped: char, in_class: bool, out: &mut String) -> Result<(), String> {
    match escaped {
        '-' if in_class => out.push_str("\\-"),
        'd'
        | 'D'
        | 'w'
        | 'W'
        | 's'
        | 'S'
        | 'b'
        | 'n'
        | 'r'
        | 't'
        | 'v'
        | 'f'
        | '0'
        | 'c'
        | 'x'
        | 'u'
        | 'p'
        | 'P'
        | 'k'
        | '1'..='9'
        | '^'
        | '$'
        | '\\'
        | '.'
        | '*'
        | '+'
        | '?'
        | '('
        | ')'
        | '['
        | ']'
        | '{'
        | '}'
        | '|'
        | '/' => {
            out.push('\\');
            out.push(escaped);
        }
        'B' if !in_class => out.push_str("\\B"),
        c if c.is_ascii_alphanumeric() => return Err(format!("\\{c} is not an escape of ECMA-262")),
        // An escape that means nothing: the character itself.
        c => out.push(c),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_literals_in_unicode_mode() {
        #[track_caller]
        fn check(pattern: &str, expected: Result<&str, &str>) {
            assert_eq!(literal(pattern), expected.map(str::to_owned).map_err(str::to_owned));
        }
        check("^thread:[A-Za-z0-9._~-]{1,128}$", Ok("/^thread:[A-Za-z0-9._~-]{1,128}$/u"));
        check("a/b", Ok(r"/a\/b/u"));
        check(r"a\/b", Ok(r"/a\/b/u"));
        check(r"\d\-\d", Ok(r"/\d-\d/u"));
        check(r"[\w\-]", Ok(r"/[\w\-]/u"));
        check("[[]", Ok(r"/[\[]/u"));
        check("a]{b}", Ok(r"/a\]\{b\}/u"));
        check("a{2,}b{3}", Ok("/a{2,}b{3}/u"));
        check(r"^\p{Letter}{2}[\P{L}]\u{1F600}", Ok(r"/^\p{Letter}{2}[\P{L}]\u{1F600}/u"));
        check("a{,3}", Ok(r"/a\{,3\}/u"));
        check("", Ok("/(?:)/u"));
        check("(?:a)(?=b)", Ok("/(?:a)(?=b)/u"));
        check("a\nb", Ok(r"/a\nb/u"));
        check("(?i)a", Err("(?i) is not of ECMA-262"));
        check(r"a\Z", Err(r"\Z is not an escape of ECMA-262"));
        check(r"\pL", Err(r"\p needs the name of a property in braces"));
        check("[a", Err("a [ is never closed"));
        check("a\\", Err("it ends in a backslash"));
    }
}
