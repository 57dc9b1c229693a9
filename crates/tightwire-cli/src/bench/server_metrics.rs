//! What the server says of itself (`/metrics`, Prometheus' text format), before and after.

use std::collections::BTreeMap;

/// The samples of a page: name with labels, and value.
pub(super) type Samples = BTreeMap<String, f64>;

/// Reads a page.
pub(super) fn samples(page: &str) -> Samples {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        // A label's value may have spaces: the value stands behind the last bracket.
        let end = line.rfind('}').map_or_else(|| line.find(' '), |bracket| Some(bracket + 1))?;
        let value = line[end..].split_ascii_whitespace().next()?.parse().ok()?;
        Some((line[..end].to_owned(), value))
    };
    lines.filter_map(sample).collect()
}

/// What has changed. Of histograms their sums and counts; their buckets would fill pages.
pub(super) fn deltas(before: &Samples, after: &Samples) -> Samples {
    let changed = after.iter().filter(|(name, _)| !name.contains("_bucket{")).filter_map(|(name, value)| {
        let delta = value - before.get(name).unwrap_or(&0.0);
        (delta != 0.0).then(|| (name.clone(), delta))
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_compared() {
        let before =
            samples("# HELP a What.\n# TYPE a counter\na 5\nb{c=\"x y\",d=\"}\"} 1.5 1767225600000\nsame 1\nbad\n");
        assert_eq!(before.get("b{c=\"x y\",d=\"}\"}"), Some(&1.5));
        let after = samples("a 8\nb{c=\"x y\",d=\"}\"} 1\nsame 1\nnew_total 2\nh_bucket{le=\"1\"} 9\nh_count 9\n");
        let expected = [("a", 3.0), ("b{c=\"x y\",d=\"}\"}", -0.5), ("h_count", 9.0), ("new_total", 2.0)];
        assert_eq!(deltas(&before, &after), expected.map(|(name, delta)| (name.to_owned(), delta)).into());
    }
}
