//! Numbers: the ends of what is allowed, the ends of what programs can hold, and any between.

use fastrand::Rng;
use serde_json::Value;

use crate::number::Num;
use crate::shape::NumberShape;

/// What programs can hold: 53 bits exactly as floats, 64 as integers.
const EDGES: [i128; 12] = [
    0,
    1,
    -1,
    i32::MAX as i128,
    i32::MAX as i128 + 1,
    u32::MAX as i128 + 1,
    (1 << 53) - 1,
    (1 << 53) + 1,
    -(1 << 53) + 1,
    i64::MAX as i128,
    i64::MIN as i128,
    u64::MAX as i128,
];

/// The whole numbers that JSON libraries keep as such.
const LEAST: i128 = i64::MIN as i128;
const MOST: i128 = u64::MAX as i128;
/// Up to here, floats are whole numbers exactly.
const EXACT: i128 = 1 << 53;

/// A whole number.
pub(super) fn whole(shape: &NumberShape, rng: &mut Rng) -> Option<Value> {
    let (first, last, step) = steps(shape)?;
    let made = match rng.u8(..8) {
        0 => first,
        1 => last,
        2 => (first + 1).min(last),
        3 => (last - 1).max(first),
        4 | 5 => {
            let edge = EDGES[rng.usize(..EDGES.len())].div_euclid(step);
            if (first..=last).contains(&edge) { edge } else { rng.i128(first..=last) }
        }
        6 => rng.i128(first..=last.min(first.max(0).saturating_add(100))),
        _ => rng.i128(first..=last),
    };
    Num::Whole(made * step).to_value()
}

/// The whole number that is nearest to zero.
pub(super) fn smallest_whole(shape: &NumberShape) -> Option<Value> {
    let (first, last, step) = steps(shape)?;
    Num::Whole(0.clamp(first, last) * step).to_value()
}

/// The first and the last multiple, and of what.
fn steps(shape: &NumberShape) -> Option<(i128, i128, i128)> {
    let (mut min, mut max) = whole_range(shape)?;
    let step = step(shape)?;
    if step > 1 {
        // Validators divide floats, which are whole numbers exactly up to here.
        (min, max) = (min.max(-EXACT), max.min(EXACT));
    }
    let (first, last) = (div_ceil(min, step), max.div_euclid(step));
    (first <= last).then_some((first, last, step))
}

/// The ends, included.
#[allow(clippy::cast_possible_truncation, reason = "what is too large is an end of the range anyway")]
fn whole_range(shape: &NumberShape) -> Option<(i128, i128)> {
    let min = shape.min.map_or(LEAST, |(min, excluded)| match min {
        Num::Whole(min) => min + i128::from(excluded),
        Num::Float(min) => min.ceil() as i128,
    });
    let max = shape.max.map_or(MOST, |(max, excluded)| match max {
        Num::Whole(max) => max - i128::from(excluded),
        Num::Float(max) => max.floor() as i128,
    });
    let (min, max) = (min.max(LEAST), max.min(MOST));
    (min <= max).then_some((min, max))
}

/// What whole numbers have to be multiples of.
fn step(shape: &NumberShape) -> Option<i128> {
    let mut step = 1;
    for &multiple in &shape.multiples {
        let (digits, scale) = multiple.decimal()?;
        let scale = 10_i128.checked_pow(scale)?;
        let of = digits / gcd(digits, scale);
        step = (step / gcd(step, of)).checked_mul(of)?;
    }
    Some(step)
}

fn gcd(one: i128, another: i128) -> i128 {
    if another == 0 { one.abs() } else { gcd(another, one % another) }
}

fn div_ceil(number: i128, step: i128) -> i128 {
    -(-number).div_euclid(step)
}

/// So often a number is made that may be allowed.
const ATTEMPTS: usize = 16;
/// Where there is no end.
const FAR: f64 = 1e9;
/// Numbers that programs read wrongly.
const UNUSUAL: [f64; 8] =
    [0.1, -0.1, 1e-7, 5e-324, 0.30000000000000004, 1.5e300, -1.797_693_134_862_315_7e308, 123_456_789.125];

/// A number that is not whole, or so large that nobody can tell.
pub(super) fn fraction(shape: &NumberShape, rng: &mut Rng) -> Option<Value> {
    let least = shape.min.map(|(min, _)| min.to_f64());
    let most = shape.max.map(|(max, _)| max.to_f64());
    let min = least.unwrap_or_else(|| most.unwrap_or(0.0).min(0.0) - FAR);
    let max = most.unwrap_or_else(|| least.unwrap_or(0.0).max(0.0) + FAR);
    let made = (0..ATTEMPTS).map(|_| match shape.multiples.first() {
        Some(multiple) => of_multiple(*multiple, min, max, rng),
        None => match rng.u8(..8) {
            0 => Some(min),
            1 => Some(max),
            2 => Some(UNUSUAL[rng.usize(..UNUSUAL.len())]),
            3 => Some((min + rng.f64() * (max - min)).floor() + 0.5),
            4 => Some(min + (max - min) / 2.0),
            _ => Some(min + rng.f64() * (max - min)),
        },
    });
    made.flatten().find(|&made| is_in(shape, made)).and_then(|made| Num::Float(made).to_value())
}

/// A number of times another that is not whole.
#[allow(clippy::cast_possible_truncation, reason = "only so far is looked")]
fn of_multiple(multiple: Num, min: f64, max: f64, rng: &mut Rng) -> Option<f64> {
    let (digits, scale) = multiple.decimal()?;
    let times = |end: f64| (end / multiple.to_f64()).clamp(-1e6, 1e6);
    let (first, last) = (times(min).ceil() as i128, times(max).floor() as i128);
    let count = if first > last { return None } else { rng.i128(first..=last) };
    format!("{}e-{scale}", count.checked_mul(digits)?).parse().ok()
}

fn is_in(shape: &NumberShape, made: f64) -> bool {
    let is_whole = matches!(Num::from_f64(made), Num::Whole(whole) if (LEAST..=MOST).contains(&whole));
    let made = Num::from_f64(made);
    let above = shape.min.is_none_or(|(min, excluded)| made.cmp(min).is_gt() || (!excluded && made.cmp(min).is_eq()));
    let below = shape.max.is_none_or(|(max, excluded)| made.cmp(max).is_lt() || (!excluded && made.cmp(max).is_eq()));
    !is_whole && above && below && shape.multiples.iter().all(|&multiple| made.is_multiple_of(multiple))
}
