//! Figures of several rounds, and how they are written.

use std::fmt::Write as _;
use std::time::Duration;

/// A figure, measured once in each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// 0 if nothing was measured.
    pub(crate) fn median(&self) -> f64 {
        let mut figures = self.0.clone();
        figures.sort_by(f64::total_cmp);
        match figures[..] {
            [] => 0.0,
            _ if figures.len() % 2 == 1 => figures[figures.len() / 2],
            _ => f64::midpoint(figures[figures.len() / 2 - 1], figures[figures.len() / 2]),
        }
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().reduce(f64::min).unwrap_or_default()
    }

    pub(crate) fn most(&self) -> f64 {
        self.0.iter().copied().reduce(f64::max).unwrap_or_default()
    }

    /// The median, and from where to where the rounds went.
    pub(crate) fn spread(&self) -> String {
        format!("{} ({}–{})", short(self.median()), short(self.least()), short(self.most()))
    }

    /// The same, and how many times the baseline it is.
    pub(crate) fn compared(&self, baseline: &Self) -> String {
        format!("{} {}", self.spread(), times(self.median(), baseline.median()))
    }
}

/// How many times the baseline a figure is.
pub(crate) fn times(figure: f64, baseline: f64) -> String {
    if baseline == 0.0 { "–".to_owned() } else { format!("{:.2}×", figure / baseline) }
}

/// Three digits, or as many as stand before the point.
pub(crate) fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => grouped(figure.round() as i64),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// A whole number, with its digits in groups of three.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Microseconds for each of so many.
pub(crate) fn micros_each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// The value below which a share of them lies. 0 if there are none.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A table of Markdown.
#[derive(Debug)]
pub(crate) struct Table(String);

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self(format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len())))
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (figure, expected) in [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1_234_567.0, "1 234 567"),
            (-1000.0, "-1 000"),
        ] {
            assert_eq!(short(figure), expected);
        }
    }

    #[test]
    fn the_median_counts() {
        let series = Series(vec![3.0, 1.0, 2.0]);
        assert_eq!(series.spread(), "2.00 (1.00–3.00)");
        assert_eq!(Series(vec![1.0, 2.0]).median(), 1.5);
        assert_eq!(series.compared(&Series(vec![4.0])), "2.00 (1.00–3.00) 0.50×");
        assert_eq!(series.compared(&Series::default()), "2.00 (1.00–3.00) –");
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 0.5), Duration::from_millis(51));
        assert_eq!(percentile(&times, 0.999), Duration::from_millis(100));
        assert_eq!(percentile(&[], 0.5), Duration::ZERO);
    }
}
