//! The spelling of seconds on the command line: decimal digits, with a fraction if need be.

use std::time::Duration;

/// Reads a number of seconds, such as `5`, `+5`, `0.5` or ` 5 `.
///
/// Spellings that dogwrap (Python) reads in its own way are refused rather than read differently: `0x10`, `1_000`, and
/// `010`, which it takes for eight. A number beyond what can be counted stands for the largest that can.
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
    let seconds: f64 = digits.parse().map_err(|_| "not a number of seconds")?;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_are_read() {
        for (spelling, milliseconds) in [("5", 5000), ("+5", 5000), (" 5 ", 5000), ("0", 0), ("00", 0), ("0.5", 500)] {
            assert_eq!(parse(spelling), Ok(Duration::from_millis(milliseconds)), "{spelling:?}");
        }
        for (spelling, milliseconds) in [(".25", 250), ("2.", 2000), ("00.5", 500)] {
            assert_eq!(parse(spelling), Ok(Duration::from_millis(milliseconds)), "{spelling:?}");
        }
    }

    #[test]
    fn a_number_beyond_counting_is_the_largest() {
        assert_eq!(parse(&format!("1{}", "0".repeat(40))), Ok(Duration::MAX));
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
