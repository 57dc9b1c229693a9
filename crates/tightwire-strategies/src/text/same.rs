//! Other texts that say the same.

use super::choices::Choices;
use super::kind::MutationKind;
use super::plain;
use super::tree::Tree;

/// What JSON takes for white space, between two pieces.
const SPACES: [&str; 8] = ["", " ", "\n", "\t", "\r", "  ", "\r\n\t ", "\n\n    "];

/// Up to here, a float is the whole number that it is written as.
const MAX_WHOLE: u64 = 1 << 53;
/// Up to here, it still is with another digit.
const MAX_SHIFTED: u64 = 100_000_000_000_000;

/// The text, with that done to it; `None` where there is nothing to do it to.
pub(super) fn written(tree: &mut Tree, kind: MutationKind, choices: &mut Choices<'_>) -> Option<String> {
    match kind {
        MutationKind::KeyOrder => shuffle(tree, choices),
        MutationKind::Escapes => escape(tree, choices)?,
        MutationKind::ShortEscapes => short_escapes(tree)?,
        MutationKind::Fraction => rewrite_number(tree, choices, fraction)?,
        MutationKind::Exponent => rewrite_number(tree, choices, exponent)?,
        MutationKind::AllAtOnce => {
            shuffle(tree, choices);
            let _ = short_escapes(tree);
            let _ = escape(tree, choices);
            let _ = rewrite_number(tree, choices, exponent);
        }
        _ => {}
    }
    Some(match kind {
        MutationKind::WhiteSpace | MutationKind::AllAtOnce => {
            // Few choices for many places: they are used with the place they are for.
            let (first, step) = (choices.below(SPACES.len()), choices.below(SPACES.len() - 1) + 1);
            let mut place = 0;
            tree.text(&mut || {
                place += 1;
                SPACES[(first + place * step + place / SPACES.len()) % SPACES.len()]
            })
        }
        _ => plain(tree),
    })
}

fn shuffle(tree: &mut Tree, choices: &mut Choices<'_>) {
    tree.each_object(&mut |members| {
        members.reverse();
        for end in (1..members.len()).rev() {
            // Where there are no choices left, the order is that of the first ones, reversed.
            members.swap(end, end - choices.below(end + 1));
        }
    });
}

/// Writes some of the characters of a text or key as escapes, in either case of the digits.
fn escape(tree: &mut Tree, choices: &mut Choices<'_>) -> Option<()> {
    let mut texts: Vec<_> = tree.texts().into_iter().filter(|raw| raw.len() > 2 && !raw.contains('\\')).collect();
    for _ in 0..=choices.below(3) {
        let index = choices.below(texts.len());
        let raw = texts.get_mut(index)?;
        if raw.contains('\\') {
            continue;
        }
        let inside = raw[1..raw.len() - 1].to_owned();
        let (from, every) = (choices.below(inside.chars().count()), choices.below(3) + 1);
        let upper = choices.below(2) == 1;
        let mut escaped = String::from("\"");
        for (place, character) in inside.chars().enumerate() {
            if place >= from && (place - from) % every == 0 {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    escaped.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            } else {
                escaped.push(character);
            }
        }
        escaped.push('"');
        **raw = escaped;
    }
    Some(())
}

/// `/` as `\/`, and short escapes as long ones.
fn short_escapes(tree: &mut Tree) -> Option<()> {
    let mut changed = false;
    for raw in tree.texts() {
        let mut rewritten = String::with_capacity(raw.len());
        let mut characters = raw.chars();
        while let Some(character) = characters.next() {
            match character {
                '/' => rewritten.push_str("\\/"),
                '\\' => match characters.next() {
                    Some('n') => rewritten.push_str("\\u000a"),
                    Some('t') => rewritten.push_str("\\u0009"),
                    Some('r') => rewritten.push_str("\\u000D"),
                    Some('b') => rewritten.push_str("\\u0008"),
                    Some('f') => rewritten.push_str("\\u000c"),
                    Some('"') => rewritten.push_str("\\u0022"),
                    Some('\\') => rewritten.push_str("\\u005c"),
                    other => {
                        rewritten.push('\\');
                        rewritten.extend(other);
                    }
                },
                other => rewritten.push(other),
            }
        }
        changed |= *raw != rewritten;
        *raw = rewritten;
    }
    changed.then_some(())
}

fn rewrite_number(
    tree: &mut Tree,
    choices: &mut Choices<'_>,
    rewrite: fn(&str, &mut Choices<'_>) -> Option<String>,
) -> Option<()> {
    let mut numbers = tree.whole_numbers();
    let count = numbers.len();
    let first = choices.below(count);
    // The first one that can be written so.
    let (place, rewritten) = (0..count).find_map(|turn| {
        let place = (first + turn) % count;
        Some((place, rewrite(numbers[place], choices)?))
    })?;
    *numbers[place] = rewritten;
    Some(())
}

fn fraction(raw: &str, choices: &mut Choices<'_>) -> Option<String> {
    let zeros = choices.of(&["0", "00", "000000000000000000000"]);
    (magnitude(raw)? <= MAX_WHOLE).then(|| format!("{raw}.{zeros}"))
}

fn exponent(raw: &str, choices: &mut Choices<'_>) -> Option<String> {
    if magnitude(raw)? > MAX_SHIFTED {
        return None;
    }
    let (body, last) = raw.split_at(raw.len() - 1);
    let whole = if matches!(body, "" | "-") { format!("{body}0") } else { body.to_owned() };
    Some(match choices.below(5) {
        0 => format!("{raw}e0"),
        1 => format!("{raw}E+0"),
        2 if magnitude(raw) == Some(0) => format!("{raw}e-1"),
        2 => format!("{raw}0e-1"),
        3 => format!("{raw}.0E-00"),
        _ => format!("{whole}.{last}e+01"),
    })
}

fn magnitude(raw: &str) -> Option<u64> {
    raw.strip_prefix('-').unwrap_or(raw).parse().ok()
}
