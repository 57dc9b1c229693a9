//! Texts that are no JSON, or that repeat a key.

use super::choices::Choices;
use super::kind::MutationKind;
use super::plain;
use super::tree::{Members, Tree};

/// What is no UTF-8: a continuation alone, overlong, half a pair, beyond the last character, never a byte, broken off.
const NOT_UTF8: [&[u8]; 7] =
    [b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xc3", b"\xf0\x9f\xa6"];
/// Halves of characters.
const LONE: [&str; 6] = ["\\ud800", "\\udfff", "\\uDBFF\\u0061", "\\udc00\\ud800", "\\ud83e\\n", "\\ud83e\\ud83e"];
/// What may not stand after a text.
const TRAILING: [&str; 10] = ["}", "]", ",", "{}", "null", "0", "\"\"", " x", "\u{feff}", "\n{\"a\":1}"];
/// Escapes that JSON does not have, whatever stands behind them.
const BAD_ESCAPES: [&str; 8] = ["\\x41", "\\'", "\\0", "\\u12-", "\\u00g0", "\\U0041", "\\ ", "\\u{41}"];
/// What is no number of JSON.
const NO_NUMBERS: [&str; 13] = ["01", "+1", ".5", "1.", "0x1", "1e", "1e+", "--1", "1_000", "-", "00", "1.e1", "-01"];
/// What is no word of JSON.
const NO_WORDS: [&str; 12] =
    ["NaN", "Infinity", "-Infinity", "undefined", "True", "NULL", "nul", "truee", "None", "inf", "nan", "TRUE"];
/// What comments look like elsewhere.
const COMMENTS: [&str; 3] = ["/**/", "// \n", "#\n"];
/// So many arrays and objects begin at most.
const DEEPEST: usize = 20_000;

/// The text, with that done to it; `None` where there is nothing to do it to.
pub(super) fn written(tree: &mut Tree, kind: MutationKind, choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    let text = match kind {
        MutationKind::DuplicateKey => {
            duplicate(tree, choices)?;
            plain(tree)
        }
        MutationKind::Truncated => {
            let mut bytes = plain(tree).into_bytes();
            // A number that ends early is a number.
            if !matches!(bytes.first(), Some(b'{' | b'[' | b'"')) {
                return None;
            }
            let end = choices.below(bytes.len());
            bytes.truncate(end);
            return Some(bytes);
        }
        MutationKind::InvalidUtf8 => {
            return Some(with_bytes(&inserted(tree, choices, "\u{1}")?, choices.of(&NOT_UTF8)));
        }
        MutationKind::LoneSurrogate => {
            let half = choices.of(&LONE);
            inserted(tree, choices, half)?
        }
        MutationKind::ByteOrderMark => format!("\u{feff}{}", plain(tree)),
        MutationKind::TrailingGarbage => {
            let text = plain(tree);
            let trailing = choices.of(&TRAILING);
            // After a number, digits would make another one.
            let apart = if matches!(tree, Tree::Raw(_)) { " " } else { "" };
            format!("{text}{apart}{trailing}")
        }
        MutationKind::Nul => match choices.below(3) {
            0 => inserted(tree, choices, "\0")?,
            1 => format!("{}\0", plain(tree)),
            _ => format!("\0{}", plain(tree)),
        },
        MutationKind::ControlCharacter => {
            let control = choices.of(&["\n", "\t", "\r", "\u{1}", "\u{1f}", "\u{b}"]);
            inserted(tree, choices, control)?
        }
        MutationKind::BadEscape => {
            let escape = choices.of(&BAD_ESCAPES);
            inserted(tree, choices, escape)?
        }
        MutationKind::DeepNesting => {
            let open = choices.of(&["[", "{\"a\":", "[[],"]);
            let depth = [16, 127, 128, 129, 1_000, DEEPEST][choices.below(6)];
            replaced(tree, choices, &open.repeat(depth))
        }
        MutationKind::MalformedNumber => {
            let number = choices.of(&NO_NUMBERS);
            replaced(tree, choices, number)
        }
        MutationKind::UnknownWord => {
            let word = choices.of(&NO_WORDS);
            replaced(tree, choices, word)
        }
        MutationKind::Quotes => {
            let mut texts = tree.texts();
            let place = choices.below(texts.len());
            let raw = texts.get_mut(place)?;
            let inside = &raw[1..raw.len() - 1];
            **raw = match choices.below(3) {
                0 => format!("'{}'", inside.replace('\'', "")),
                1 => format!("\"{inside}"),
                // Without quotes, some texts would be values.
                _ => format!("_{inside}"),
            };
            plain(tree)
        }
        MutationKind::TrailingComma => {
            let text = plain(tree);
            let ends: Vec<usize> =
                structure(&text).filter(|(_, byte)| matches!(byte, b'}' | b']')).map(|(at, _)| at).collect();
            let end = *ends.get(choices.below(ends.len()))?;
            format!("{},{}", &text[..end], &text[end..])
        }
        MutationKind::Comment => {
            let text = plain(tree);
            let places: Vec<usize> = structure(&text).map(|(at, _)| at).collect();
            let place = *places.get(choices.below(places.len()))?;
            format!("{}{}{}", &text[..place], choices.of(&COMMENTS), &text[place..])
        }
        _ => return None,
    };
    Some(text.into_bytes())
}

/// Repeats a member of an object, at another place of it and perhaps with an escape in its key.
fn duplicate(tree: &mut Tree, choices: &mut Choices<'_>) -> Option<()> {
    let mut count = 0;
    tree.each_object(&mut |members| count += usize::from(!members.is_empty()));
    let chosen = choices.below(count);
    let mut at = 0;
    tree.each_object(&mut |members: &mut Members| {
        if members.is_empty() {
            return;
        }
        if at == chosen {
            let (key, value) = members[choices.below(members.len())].clone();
            let first = key.chars().nth(1).filter(|first| !matches!(first, '\\' | '"'));
            let key = match first {
                Some(first) if choices.below(2) == 1 && u32::from(first) < 0x1_0000 => {
                    format!("\"\\u{:04x}{}", u32::from(first), &key[1 + first.len_utf8()..])
                }
                _ => key,
            };
            members.insert(choices.below(members.len() + 1), (key, value));
        }
        at += 1;
    });
    (count > 0).then_some(())
}

/// The text with something in one of its texts or keys.
fn inserted(tree: &mut Tree, choices: &mut Choices<'_>, what: &str) -> Option<String> {
    let mut texts = tree.texts();
    let place = choices.below(texts.len());
    let raw = texts.get_mut(place)?;
    // At its beginning, so that no escape is torn apart; and at its end, where none is torn either.
    let at = if choices.below(2) == 0 { 1 } else { raw.len() - 1 };
    raw.insert_str(at, what);
    Some(plain(tree))
}

/// The text with something in the place of one of its scalars, or in its own place.
fn replaced(tree: &mut Tree, choices: &mut Choices<'_>, what: &str) -> String {
    let mut scalars = tree.raw(false);
    let place = choices.below(scalars.len());
    match scalars.get_mut(place) {
        Some(raw) => **raw = what.to_owned(),
        None => *tree = Tree::Raw(what.to_owned()),
    }
    plain(tree)
}

/// The text with these bytes for its first control character.
fn with_bytes(text: &str, bytes: &[u8]) -> Vec<u8> {
    let at = text.find('\u{1}').unwrap_or(text.len());
    [&text.as_bytes()[..at], bytes, text.as_bytes().get(at + 1..).unwrap_or_default()].concat()
}

/// Where the brackets, commas and colons are.
fn structure(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().enumerate().filter(move |&(_, byte)| {
        let inside = quoted;
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => quoted = !quoted,
            _ => {}
        }
        !inside && matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':')
    })
}
