//! How often one address may do something, for any number of addresses in bounded memory.
//!
//! Per address only one point in time is kept: when it has its whole burst again. What lies in the past says nothing, so
//! that addresses are forgotten by generations: whoever was not seen for a whole refill has its burst again anyway.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::network::Network;

/// A rate per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRate {
    /// For long. At least 1.
    pub per_second: u32,
    /// At once. At least 1.
    pub burst: u32,
}

/// Who came lately.
#[derive(Debug)]
pub struct AddressRates {
    /// Between two, for long.
    interval: Duration,
    /// From nothing to the whole burst.
    refill: Duration,
    /// How many addresses a generation holds.
    capacity: usize,
    /// When each address has its whole burst again.
    current: HashMap<Network, Instant>,
    /// Those that were not seen since `current` began.
    previous: HashMap<Network, Instant>,
    began: Option<Instant>,
}

impl AddressRates {
    /// Nobody came yet. Up to twice `capacity` addresses are remembered; beyond that the oldest are forgotten, which lets
    /// them in again: to lock everybody out is worse.
    #[must_use]
    pub fn new(rate: AddressRate, capacity: usize) -> Self {
        let interval = Duration::from_secs(1) / rate.per_second.max(1);
        Self {
            interval,
            refill: interval * rate.burst.max(1),
            capacity: capacity.max(1),
            current: HashMap::new(),
            previous: HashMap::new(),
            began: None,
        }
    }

    /// Lets the address through, or says how long it should wait. Who is not let through pays nothing.
    ///
    /// # Errors
    /// The time after which the address is let through.
    pub fn pass(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        self.forget(now);
        let network = Network::from(address);
        let known = self.current.get(&network).or_else(|| self.previous.get(&network));
        let full = known.map_or(now, |full| now.max(*full)) + self.interval;
        let wait = full.duration_since(now).saturating_sub(self.refill);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.current.insert(network, full);
        Ok(())
    }

    /// How many addresses are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.current.len() + self.previous.len()
    }

    fn forget(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        if now.duration_since(began) >= self.refill || self.current.len() >= self.capacity {
            self.previous = std::mem::take(&mut self.current);
            self.began = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(capacity: usize) -> AddressRates {
        AddressRates::new(AddressRate { per_second: 10, burst: 3 }, capacity)
    }

    /// Attempts at these milliseconds, and how many milliseconds each should wait.
    #[track_caller]
    fn check(attempts: &[(u64, &str, u64)]) {
        let (mut rates, start) = (rates(100), Instant::now());
        for (ms, address, expected) in attempts {
            let found = rates.pass(address.parse().expect("an address"), start + Duration::from_millis(*ms));
            let wait = found.err().unwrap_or_default();
            assert_eq!(wait, Duration::from_millis(*expected), "{address} at {ms}");
        }
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let one = "192.0.2.1";
        check(&[(0, one, 0), (0, one, 0), (0, one, 0), (0, one, 100), (99, one, 1), (100, one, 0), (100, one, 100)]);
        // The whole burst is there again after a rest, and no more than that.
        check(&[(0, one, 0), (5000, one, 0), (5000, one, 0), (5000, one, 0), (5000, one, 100)]);
        // A generation ends in between, and nothing is forgotten that still counts.
        check(&[
            (0, one, 0),
            (290, one, 0),
            (290, one, 0),
            (290, one, 0),
            (301, one, 89),
            (400, one, 0),
            (601, one, 0),
        ]);
    }

    #[test]
    fn everybody_has_their_own() {
        let one = "192.0.2.1";
        check(&[(0, one, 0), (0, one, 0), (0, one, 0), (0, one, 100), (0, "192.0.2.2", 0)]);
        // The same IPv4 address in the form of IPv6, and the neighbours in a network of 64 bits.
        check(&[(0, one, 0), (0, one, 0), (0, "::ffff:192.0.2.1", 0), (0, one, 100)]);
        let (near, far) = ("2001:db8:0:1:ffff::2", "2001:db8:0:2::1");
        check(&[(0, near, 0), (0, "2001:db8:0:1::1", 0), (0, near, 0), (0, near, 100), (0, far, 0)]);
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let (mut rates, start) = (rates(100), Instant::now());
        for number in 0..10_000_u32 {
            assert_eq!(rates.pass(IpAddr::from(number.to_be_bytes()), start), Ok(()));
            assert!(rates.remembered() <= 200, "{}", rates.remembered());
            assert!(rates.remembered() > 100 || rates.remembered() == number as usize + 1, "{}", rates.remembered());
        }
        for seconds in 1..3 {
            assert_eq!(rates.pass(IpAddr::from([192, 0, 2, 1]), start + Duration::from_secs(seconds)), Ok(()));
        }
        assert!(rates.remembered() <= 2, "{}", rates.remembered());
    }
}
