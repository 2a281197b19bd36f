//! The spellings of how a command ended, for whoever did not run it.

use crate::run::Outcome;

/// Reads an exit status, as a shell's `$?` has it; less than zero stands for a signal, as for whoever runs a command
/// with Python.
///
/// A status above 128 is taken for what it is. To a shell it is a signal as often as not, but only who has asked the
/// system knows.
pub fn exit_code(spelling: &str) -> Result<Outcome, &'static str> {
    const WORDS: &str = "an exit status is a number from 0 to 255, or -S for signal S";
    match spelling.trim().strip_prefix('-') {
        None => spelling.trim().parse().map(Outcome::Exited).map_err(|_| WORDS),
        Some(number) => signal(number).ok().flatten().map(Outcome::Signaled).ok_or(WORDS),
    }
}

/// Reads the number of a signal. Zero is none: so those write it who give status and signal in any case.
pub fn signal(spelling: &str) -> Result<Option<u8>, &'static str> {
    const LAST: u8 = 64;
    let digits = Some(spelling.trim()).filter(|spelling| spelling.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number <= LAST);
    number.map(|number| Some(number).filter(|number| *number > 0)).ok_or("a signal is a number from 1 to 64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_it_says() {
        for status in [0, 1, 124, 137, 255] {
            assert_eq!(exit_code(&status.to_string()), Ok(Outcome::Exited(status)));
        }
        assert_eq!(exit_code(" 3\n"), Ok(Outcome::Exited(3)));
        for wrong in ["", "256", "-0", "-65", "--9", "x", "0x3", "1.0", "- 9x"] {
            assert!(exit_code(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_signal_has_a_number_and_zero_is_none() {
        assert_eq!(exit_code("-9"), Ok(Outcome::Signaled(9)));
        assert_eq!((signal("9"), signal("64"), signal("0")), (Ok(Some(9)), Ok(Some(64)), Ok(None)));
        for wrong in ["", "65", "-9", "+9", "KILL", "256"] {
            assert!(signal(wrong).is_err(), "{wrong:?}");
        }
    }
}
