//! The text of a UUID and its bytes, eight digits at a time: each call has two of them.

/// Each byte of a word.
const BYTES: u64 = u64::MAX / 255;

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Where the digits of a UUID stand in its text, by fours.
const PLACES: [usize; 8] = [0, 4, 9, 14, 19, 24, 28, 32];

/// The text of a UUID: lower case, with hyphens, all ASCII.
pub fn text(uuid: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let words = uuid.as_chunks().0.iter().zip(PLACES.as_chunks().0);
    for (bytes, [first, second]) in words {
        let digits = digits(u32::from_be_bytes(*bytes)).to_be_bytes();
        text[*first..*first + 4].copy_from_slice(&digits[..4]);
        text[*second..*second + 4].copy_from_slice(&digits[4..]);
    }
    text
}

/// The bytes of a UUID in its canonical form. Upper case is none, because its bytes would not give the
/// same text back.
pub fn bytes(text: &str) -> Option<[u8; 16]> {
    let text = <&[u8; 36]>::try_from(text.as_bytes()).ok()?;
    if HYPHENS.iter().any(|place| text[*place] != b'-') {
        return None;
    }
    let mut uuid = [0; 16];
    let words = uuid.as_chunks_mut().0.iter_mut().zip(PLACES.as_chunks().0);
    for (bytes, [first, second]) in words {
        let mut digits = [0; 8];
        digits[..4].copy_from_slice(&text[*first..*first + 4]);
        digits[4..].copy_from_slice(&text[*second..*second + 4]);
        *bytes = number(u64::from_be_bytes(digits))?.to_be_bytes();
    }
    Some(uuid)
}

/// The eight digits of a number, the first in the highest byte.
fn digits(number: u32) -> u64 {
    // Half of it into each half, and so on until each byte has one digit.
    let mut digits = u64::from(number);
    digits = (digits << 16 | digits) & 0x0000_ffff_0000_ffff;
    digits = (digits << 8 | digits) & 0x00ff_00ff_00ff_00ff;
    digits = (digits << 4 | digits) & (BYTES * 0x0f);
    ascii(digits)
}

/// Digits as they are written. What is no digit gives anything.
fn ascii(digits: u64) -> u64 {
    let is_letter = digits.wrapping_add(BYTES * 6) >> 4 & BYTES;
    let behind_nine = u64::from(b'a' - b'9' - 1);
    digits.wrapping_add(BYTES * u64::from(b'0')).wrapping_add(is_letter * behind_nine)
}

/// The number that eight digits are, if they are digits.
fn number(text: u64) -> Option<u32> {
    // A letter's lowest bits begin at one, and it has a bit that no other digit has.
    let is_letter = text >> 6 & BYTES;
    let digits = (text & (BYTES * 0x0f)) + is_letter * 9;
    // Other bytes give something too, but that is too large or is written otherwise.
    if digits & (BYTES * 0xf0) != 0 || ascii(digits) != text {
        return None;
    }
    let digits = (digits >> 4 | digits) & 0x00ff_00ff_00ff_00ff;
    let digits = (digits >> 8 | digits) & 0x0000_ffff_0000_ffff;
    u32::try_from((digits >> 16 | digits) & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0123a567-89ab-cdef-0f1e-2d3c4b5a6978";
    const UUID: u128 = 0x0123_a567_89ab_cdef_0f1e_2d3c_4b5a_6978;

    #[test]
    fn there_and_back() {
        assert_eq!(bytes(TEXT), Some(UUID.to_be_bytes()));
        assert_eq!(text(&UUID.to_be_bytes()), *TEXT.as_bytes());
    }

    /// No other byte anywhere is taken for a digit or a hyphen.
    #[test]
    fn any_character_anywhere() {
        for place in 0..TEXT.len() {
            for character in '\0'..='\u{ff}' {
                let other = format!("{}{character}{}", &TEXT[..place], &TEXT[place + 1..]);
                let is_hyphen = HYPHENS.contains(&place);
                let fits = match character {
                    '-' => is_hyphen,
                    '0'..='9' | 'a'..='f' => !is_hyphen,
                    _ => false,
                };
                let found = bytes(&other);
                assert_eq!(found.is_some(), fits, "{other}");
                if let Some(found) = found {
                    assert_eq!(text(&found), *other.as_bytes());
                }
            }
        }
        assert_eq!(bytes(&TEXT[1..]), None);
        assert_eq!(bytes(&format!("{TEXT}0")), None);
        assert_eq!(bytes(""), None);
    }
}
