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

/// A whole number.
pub(crate) fn whole(shape: &NumberShape, rng: &mut Rng) -> Option<Value> {
    let (min, max) = whole_range(shape)?;
    let step = step(shape)?;
    let (first, last) = (div_ceil(min, step), max.div_euclid(step));
    if first > last {
        return None;
    }
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
pub(crate) fn smallest_whole(shape: &NumberShape) -> Option<Value> {
    let (min, max) = whole_range(shape)?;
    let step = step(shape)?;
    let (first, last) = (div_ceil(min, step), max.div_euclid(step));
    (first <= last).then(|| Num::Whole(0.clamp(first, last) * step).to_value())?
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
        let of = match multiple {
            Num::Whole(of) => of,
            Num::Float(of) => {
                (1..1000).find(|&count| (of * f64::from(count)).fract() == 0.0).and_then(
                    |count| match Num::from_f64(of * f64::from(count)) {
                        Num::Whole(whole) => Some(whole),
                        Num::Float(_) => None,
                    },
                )?
            }
        };
        step = step / gcd(step, of) * of;
    }
    Some(step)
}

fn gcd(one: i128, another: i128) -> i128 {
    if another == 0 { one } else { gcd(another, one % another) }
}

fn div_ceil(number: i128, step: i128) -> i128 {
    -(-number).div_euclid(step)
}

/// A number that is not whole.
pub(crate) fn fraction(shape: &NumberShape, rng: &mut Rng) -> Option<Value> {
    let min = shape.min.map_or(-1e9, |(min, _)| min.to_f64());
    let max = shape.max.map_or(min.max(0.0) + 1e9, |(max, _)| max.to_f64());
    let min = shape.min.map_or(min.min(max - 1e9), |_| min);
    for _ in 0..16 {
        let mut made = min + rng.f64() * (max - min);
        if rng.bool() {
            made = (made * 2.0).floor() / 2.0 + 0.5;
        }
        if let Some(Num::Float(multiple)) = shape.multiples.first() {
            made = (made / multiple).round() * multiple;
        }
        if is_in(shape, made) && made.fract() != 0.0 {
            return Num::Float(made).to_value();
        }
    }
    None
}

fn is_in(shape: &NumberShape, made: f64) -> bool {
    let made = Num::from_f64(made);
    let above = shape.min.is_none_or(|(min, excluded)| match made.cmp(min) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => !excluded,
        std::cmp::Ordering::Greater => true,
    });
    let below = shape.max.is_none_or(|(max, excluded)| match made.cmp(max) {
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => !excluded,
        std::cmp::Ordering::Less => true,
    });
    above && below && shape.multiples.iter().all(|multiple| (made.to_f64() / multiple.to_f64()).fract() == 0.0)
}
