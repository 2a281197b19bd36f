//! Lone surrogates: how Python's JSON shows an argument's byte that is not UTF-8, and what no Rust string can hold.
//!
//! Byte XX is `\udcXX` there. It is read as the private character U+10DCXX, which nothing else in these tests uses.

use std::ops::RangeInclusive;

const STAND_INS: RangeInclusive<char> = '\u{10dc80}'..='\u{10dcff}';

/// The same JSON with every lone surrogate replaced by its stand-in.
pub fn readable(json: &str) -> String {
    let mut readable = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('\\') {
        readable.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(lone @ 0xdc80..=0xdcff), _) => {
                readable.extend(char::from_u32(0x10_0000 + lone));
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        readable.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    readable + rest
}

/// The UTF-16 unit of a `\uXXXX` at the start of the text.
fn unit(json: &str) -> Option<u32> {
    u32::from_str_radix(json.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// The text with U+FFFD for every longest part of it that is not UTF-8.
pub fn replaced(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        if STAND_INS.contains(&character) {
            bytes.push((u32::from(character) & 0xff) as u8);
        } else {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn lone_surrogates_are_read_and_others_left() {
    let json = r#"{"a\\udcff": "x\udcff\ud83d\ude00\n\"é\udce9"}"#;
    assert_eq!(readable(json), "{\"a\\\\udcff\": \"x\u{10dcff}\\ud83d\\ude00\\n\\\"é\u{10dce9}\"}");
    assert_eq!(replaced("x\u{10dcc3}\u{10dca9}y\u{10dcff}"), "xéy\u{fffd}");
}
