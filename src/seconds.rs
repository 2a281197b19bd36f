//! The spelling of seconds: on the command line, and as dogwrap shows how long something took.

use std::time::Duration;

/// Reads a number of seconds, such as `5`, `+5`, `0.5` or ` 5 `.
///
/// Spellings that dogwrap (Python) reads in its own way are refused rather than read differently: `0x10`, `1_000`, and
/// `010`, which it takes for eight. A number beyond what can be counted stands for the largest that can, and what is less
/// than a nanosecond does not count.
pub fn parse(spelling: &str) -> Result<Duration, &'static str> {
    let number = spelling.trim();
    if number.starts_with('-') {
        return Err("seconds are not negative");
    }
    let digits = number.strip_prefix('+').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let decimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal(whole) || !decimal(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err("seconds are decimal digits, such as 90 or 0.5");
    }
    if whole.len() > 1 && whole.starts_with('0') && whole.bytes().any(|byte| byte != b'0') {
        return Err("leading zeros are ambiguous: dogwrap reads such a number as octal");
    }
    let value = |digit: u8| u64::from(digit - b'0');
    let seconds = whole.bytes().try_fold(0_u64, |seconds, digit| seconds.checked_mul(10)?.checked_add(value(digit)));
    let nanoseconds = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |nanoseconds, digit| nanoseconds * 10 + value(digit) as u32);
    Ok(seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, nanoseconds)))
}

/// The seconds of `duration` with two decimals, such as `1.50`. Halves are rounded up.
pub fn hundredths(duration: Duration) -> String {
    let rounded = duration.saturating_add(Duration::from_millis(5));
    format!("{}.{:02}", rounded.as_secs(), rounded.subsec_millis() / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_hundredths() {
        for (milliseconds, shown) in
            [(0, "0.00"), (4, "0.00"), (5, "0.01"), (1500, "1.50"), (1994, "1.99"), (1995, "2.00")]
        {
            assert_eq!(hundredths(Duration::from_millis(milliseconds)), shown);
        }
        assert_eq!(hundredths(Duration::MAX), format!("{}.99", u64::MAX));
    }

    #[test]
    fn decimal_numbers_are_read() {
        for (spelling, milliseconds) in [("5", 5000), ("+5", 5000), (" 5 ", 5000), ("0", 0), ("00", 0), ("0.5", 500)] {
            assert_eq!(parse(spelling), Ok(Duration::from_millis(milliseconds)), "{spelling:?}");
        }
        for (spelling, milliseconds) in [(".25", 250), ("2.", 2000), ("00.5", 500), ("1.0070", 1007)] {
            assert_eq!(parse(spelling), Ok(Duration::from_millis(milliseconds)), "{spelling:?}");
        }
        assert_eq!(parse("0.0000000019"), Ok(Duration::from_nanos(1)));
    }

    #[test]
    fn a_number_beyond_counting_is_the_largest() {
        assert_eq!(parse(&format!("1{}.5", "0".repeat(40))), Ok(Duration::MAX));
        assert_eq!(parse("18446744073709551616"), Ok(Duration::MAX));
        assert_eq!(parse("18446744073709551615"), Ok(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn anything_else_is_refused() {
        for spelling in
            ["", " ", ".", "+", "-1", "x", "1e3", "0x10", "1_000", "010", "08", "٣", "inf", "nan", "1.5.2", "1 2"]
        {
            assert!(parse(spelling).is_err(), "{spelling:?}");
        }
    }
}
