//! Points in time as the protocol writes them.

use chrono::{DateTime, SecondsFormat};

const MS_PER_DAY: u64 = 24 * 3600 * 1000;

/// The first day of the year 10000, which takes five digits.
const FIVE_DIGIT_YEARS: u64 = 2_932_897 * MS_PER_DAY;

/// A point in time in RFC 3339, to the millisecond.
#[must_use]
pub fn rfc3339(unix_ms: u64) -> String {
    // Every pong says the time, so the usual years are written without a general formatter.
    if unix_ms < FIVE_DIGIT_YEARS {
        let text = text(unix_ms);
        return str::from_utf8(&text).unwrap_or_default().to_owned();
    }
    i64::try_from(unix_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn text(unix_ms: u64) -> [u8; 24] {
    let (year, month, day) = date(unix_ms / MS_PER_DAY);
    let ms = unix_ms % MS_PER_DAY;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, ms / 3_600_000),
        (14..16, ms / 60_000 % 60),
        (17..19, ms / 1000 % 60),
        // Of each number as many digits are written as it has places for.
        (20..23, ms),
    ];
    for (place, mut number) in parts {
        for digit in text[place].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    text
}

/// Year, month and day, so many days after 1 January 1970. Years are counted from March here, so that the day that not
/// every year has is its last; 400 years have 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = days / 146_097 * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(unix_ms: u64, expected: &str) {
        assert_eq!(rfc3339(unix_ms), expected);
    }

    #[test]
    fn points_in_time() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_767_225_599_999, "2025-12-31T23:59:59.999Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
        check(FIVE_DIGIT_YEARS - 1, "9999-12-31T23:59:59.999Z");
        check(FIVE_DIGIT_YEARS, "+10000-01-01T00:00:00.000Z");
        check(u64::MAX, "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn the_general_formatter_writes_the_same(unix_ms in 0..FIVE_DIGIT_YEARS) {
            let general = DateTime::from_timestamp_millis(unix_ms as i64).expect("a point in time");
            prop_assert_eq!(rfc3339(unix_ms), general.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }
}
