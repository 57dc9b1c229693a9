//! What happens when, without anybody who types it.

use std::str::FromStr;
use std::time::Duration;

use super::fault::{Fault, duration};

/// Something that is in force for a time.
pub(crate) type Step = (Fault, Duration);

/// Steps that were written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script(Vec<Step>);

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let step = |step: &str| {
            let step = step.trim();
            let (fault, time) =
                step.rsplit_once(char::is_whitespace).ok_or_else(|| format!("`{step}` does not say for how long"))?;
            Ok((fault.parse()?, duration(time)?))
        };
        text.split([',', ';']).map(step).collect::<Result<_, String>>().map(Self)
    }
}

/// What happens, step by step; without end, or up to one.
pub(crate) type Steps = Box<dyn Iterator<Item = Step>>;

/// What a script says, once or again and again.
pub(crate) fn scripted(Script(steps): Script, repeat: bool) -> Steps {
    if repeat { Box::new(steps.into_iter().cycle()) } else { Box::new(steps.into_iter()) }
}

/// The shortest time for which something goes wrong by chance.
const SHORTEST: Duration = Duration::from_secs(1);

/// By chance: all is well for half to one and a half of `every`, then something is wrong for up to `longest`.
pub(crate) fn by_chance(seed: u64, every: Duration, longest: Duration) -> Steps {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut is_well = false;
    Box::new(std::iter::from_fn(move || {
        is_well = !is_well;
        let (least, most) = if is_well { (every / 2, every * 3 / 2) } else { (SHORTEST.min(longest), longest) };
        let time = least + (most - least).mul_f64(chance.f64());
        let fault = if is_well { Fault::Pass } else { any(&mut chance) };
        Some((fault, time))
    }))
}

/// Steps up to a time, of which the last one is cut short.
pub(crate) fn up_to(total: Duration, steps: Steps) -> Steps {
    let mut left = total;
    Box::new(steps.map_while(move |(fault, time)| {
        let time = time.min(left);
        left -= time;
        (!time.is_zero()).then_some((fault, time))
    }))
}

fn any(chance: &mut fastrand::Rng) -> Fault {
    match chance.u8(0..7) {
        0 => Fault::Cut,
        1 => Fault::Reset,
        2 => Fault::Stall { up: true, down: false },
        3 => Fault::Stall { up: false, down: true },
        4 => Fault::Delay(Duration::from_millis(chance.u64(50..3000))),
        5 => Fault::Throttle(chance.u64(200..20_000)),
        _ => Fault::Stall { up: true, down: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_script_is_followed_once_or_for_ever() {
        let script: Script = "pass 5s, stall up 20s; delay 300ms 1m".parse().unwrap();
        let expected = [
            (Fault::Pass, 5 * SECOND),
            (Fault::Stall { up: true, down: false }, 20 * SECOND),
            (Fault::Delay(Duration::from_millis(300)), 60 * SECOND),
        ];
        assert_eq!(scripted(script.clone(), false).collect::<Vec<_>>(), expected);
        assert_eq!(scripted(script, true).take(4).last(), Some(expected[0]));
    }

    #[test]
    fn what_is_wrong_with_a_script_is_said() {
        for (script, complaint) in [
            ("pass", "`pass` does not say for how long"),
            ("pass 5s,", "`` does not say for how long"),
            ("dance 5s", "`dance` is none of"),
            ("stall up", "`up` is no time"),
        ] {
            let said = script.parse::<Script>().unwrap_err();
            assert!(said.contains(complaint), "{said}");
        }
    }

    #[test]
    fn what_is_to_last_for_a_time_lasts_for_that_time() {
        let script: Script = "pass 5s, cut 20s".parse().unwrap();
        let steps: Vec<_> = up_to(32 * SECOND, scripted(script, true)).collect();
        let expected = [(Fault::Pass, 5), (Fault::Cut, 20), (Fault::Pass, 5), (Fault::Cut, 2)];
        assert_eq!(steps, expected.map(|(fault, seconds)| (fault, seconds * SECOND)));
    }

    #[test]
    fn chance_follows_from_its_seed_and_keeps_to_its_bounds() {
        let (every, longest) = (30 * SECOND, 20 * SECOND);
        let steps: Vec<_> = by_chance(7, every, longest).take(1000).collect();
        assert_eq!(by_chance(7, every, longest).take(1000).collect::<Vec<_>>(), steps);
        assert_ne!(by_chance(8, every, longest).take(1000).collect::<Vec<_>>(), steps);
        for pair in steps.chunks(2) {
            assert!(matches!(pair[0], (Fault::Pass, time) if (15 * SECOND..=45 * SECOND).contains(&time)), "{pair:?}");
            assert!(pair[1].0 != Fault::Pass && (SECOND..=longest).contains(&pair[1].1), "{pair:?}");
        }
        let kinds: std::collections::HashSet<_> =
            steps.iter().map(|(fault, _)| std::mem::discriminant(fault)).collect();
        assert_eq!(kinds.len(), 6, "everything happens");
        // A time that is shorter than the shortest is the only one there is.
        assert!(
            by_chance(7, every, SECOND / 2).take(100).all(|(fault, time)| fault == Fault::Pass || time == SECOND / 2)
        );
    }
}
