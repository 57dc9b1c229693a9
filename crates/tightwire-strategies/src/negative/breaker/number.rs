//! Numbers beyond a bound, or between two multiples.

use serde_json::Value;

use crate::number::Num;
use crate::schema::Keywords;

/// Numbers that the keyword refuses: just beyond its bound, and far.
pub(super) fn of(keywords: &Keywords, keyword: &str) -> Vec<Value> {
    let limits = &keywords.number;
    let beside = |limit: Option<Num>, steps: [f64; 3]| -> Vec<Value> {
        let Some(limit) = limit else { return Vec::new() };
        let step = |by: f64| match limit {
            Num::Whole(whole) if by.fract() == 0.0 => Num::Whole(whole.saturating_add(by as i128)),
            limit => Num::from_f64(limit.to_f64() + by),
        };
        steps.into_iter().filter_map(|by| step(by).to_value()).collect()
    };
    match keyword {
        "minimum" => beside(limits.minimum, [-1.0, -1000.0, -0.5]),
        "maximum" => beside(limits.maximum, [1.0, 1000.0, 0.5]),
        "exclusiveMinimum" => beside(limits.above, [0.0, -1.0, -0.5]),
        "exclusiveMaximum" => beside(limits.below, [0.0, 1.0, 0.5]),
        _ => {
            let Some(multiple) = limits.multiple_of else { return Vec::new() };
            let within = limits.minimum.or(limits.above).map_or(0.0, Num::to_f64);
            let first = (within / multiple.to_f64()).ceil() * multiple.to_f64();
            let by = |share: f64| Num::from_f64(first + multiple.to_f64() * share).to_value();
            let whole =
                matches!(multiple, Num::Whole(whole) if whole > 1).then(|| Num::from_f64(first + 1.0).to_value());
            [whole.flatten(), by(0.5), by(1.5), by(0.25)].into_iter().flatten().collect()
        }
    }
}
