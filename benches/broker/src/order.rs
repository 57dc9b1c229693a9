//! What a node is told to publish.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;

/// Publications of one node: to `topics` topics in turn, the first of which is number `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) first: usize,
    pub(crate) topics: usize,
    pub(crate) count: usize,
    pub(crate) pace: Pace,
}

/// When the next publication begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As soon as one of so many is done.
    InFlight(usize),
    /// So many at once, so often, whether those before them are done or not.
    Every(Duration, usize),
}

impl Pace {
    /// So many per second, so many at once.
    pub(crate) fn per_second(rate: usize, at_once: usize) -> Self {
        Self::Every(Self::interval(rate, at_once), at_once)
    }

    /// How often, for so many per second where there are so many each time.
    pub(crate) fn interval(rate: usize, each: usize) -> Duration {
        Duration::from_secs_f64(each as f64 / rate.max(1) as f64)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, topics, count, pace } = self;
        let (interval, at_once) = match pace {
            Pace::InFlight(window) => (0, *window),
            Pace::Every(interval, at_once) => (interval.as_nanos(), *at_once),
        };
        write!(f, "{first} {topics} {count} {interval} {at_once}")
    }
}

impl FromStr for Order {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [first, topics, count, interval, at_once] = numbers[..].try_into().ok().context("five numbers")?;
        let at_once = usize::try_from(at_once)?;
        let pace = match interval {
            0 => Pace::InFlight(at_once),
            interval => Pace::Every(Duration::from_nanos(interval), at_once),
        };
        let [first, topics, count] = [first, topics, count].map(|number| number as usize);
        Ok(Self { first, topics, count, pace })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_understood() {
        for pace in [Pace::InFlight(64), Pace::per_second(2000, 64)] {
            let order = Order { first: 3, topics: 10, count: 1000, pace };
            assert_eq!(order.to_string().parse::<Order>().expect("its own text"), order);
        }
        assert_eq!(Pace::per_second(2000, 64), Pace::Every(Duration::from_millis(32), 64));
        assert!("1 2 3".parse::<Order>().is_err());
    }
}
