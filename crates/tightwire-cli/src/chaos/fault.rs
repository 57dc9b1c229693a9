//! What can go wrong with a network, and how it is said.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What the network does. One of these is in force at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Everything gets through.
    Pass,
    /// Connections are reset, new ones too.
    Cut,
    /// Connections are reset, once.
    Reset,
    /// Nothing gets through that way, and nobody is told.
    Stall { up: bool, down: bool },
    /// Everything takes so much longer.
    Delay(Duration),
    /// No more than so many bytes get through per second and direction.
    Throttle(u64),
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        match *words {
            ["pass" | "p"] => Ok(Self::Pass),
            ["cut" | "c"] => Ok(Self::Cut),
            ["reset" | "r"] => Ok(Self::Reset),
            ["stall" | "s"] => Ok(Self::Stall { up: true, down: true }),
            ["stall" | "s", "up"] => Ok(Self::Stall { up: true, down: false }),
            ["stall" | "s", "down"] => Ok(Self::Stall { up: false, down: true }),
            ["delay" | "d", time] => duration(time).map(Self::Delay),
            ["throttle" | "t", size] => size_per_second(size).map(Self::Throttle),
            _ => Err(format!(
                "`{}` is none of pass, cut, reset, stall [up|down], delay TIME, throttle SIZE",
                text.trim()
            )),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Cut => f.write_str("cut"),
            Self::Reset => f.write_str("reset"),
            Self::Stall { up: true, down: false } => f.write_str("stall up"),
            Self::Stall { up: false, down: true } => f.write_str("stall down"),
            Self::Stall { .. } => f.write_str("stall"),
            Self::Delay(time) => write!(f, "delay {}ms", time.as_millis()),
            Self::Throttle(bytes) => write!(f, "throttle {bytes}"),
        }
    }
}

/// A time with its unit: `300ms`, `5s`, `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(format!("`{text}` is no time such as 300ms, 5s or 2m")),
    };
    match number.parse::<u32>() {
        Ok(number @ 1..) => Ok(Duration::from_millis(u64::from(number) * unit)),
        _ => Err(format!("`{text}` is no time such as 300ms, 5s or 2m")),
    }
}

/// A number of bytes: `500`, `16k`, `1m`.
fn size_per_second(text: &str) -> Result<u64, String> {
    let (number, unit) = match (text.strip_suffix('k'), text.strip_suffix('m')) {
        (Some(number), _) => (number, 1024),
        (_, Some(number)) => (number, 1024 * 1024),
        _ => (text, 1),
    };
    match number.parse::<u32>() {
        Ok(number @ 1..) => Ok(u64::from(number) * unit),
        _ => Err(format!("`{text}` is no number of bytes such as 500, 16k or 1m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Fault, &str>) {
        match (text.parse::<Fault>(), expected) {
            (Ok(fault), Ok(expected)) => {
                assert_eq!(fault, expected);
                assert_eq!(fault.to_string().parse(), Ok(fault), "it can be read back");
            }
            (Err(complaint), Err(part)) => assert!(complaint.contains(part), "{complaint}"),
            (found, expected) => panic!("{text:?} is {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn what_is_typed() {
        check("pass", Ok(Fault::Pass));
        check("  c ", Ok(Fault::Cut));
        check("reset", Ok(Fault::Reset));
        check("stall", Ok(Fault::Stall { up: true, down: true }));
        check("stall up", Ok(Fault::Stall { up: true, down: false }));
        check("s down", Ok(Fault::Stall { up: false, down: true }));
        check("delay 300ms", Ok(Fault::Delay(Duration::from_millis(300))));
        check("delay 2m", Ok(Fault::Delay(Duration::from_secs(120))));
        check("throttle 16k", Ok(Fault::Throttle(16 * 1024)));
        check("t 500", Ok(Fault::Throttle(500)));
        check("stall sideways", Err("`stall sideways` is none of"));
        check("delay", Err("`delay` is none of"));
        check("delay 300", Err("no time such as"));
        check("delay 0s", Err("no time such as"));
        check("throttle 0", Err("no number of bytes such as"));
        check("throttle 99999999999", Err("no number of bytes such as"));
        check("", Err("is none of"));
    }
}
