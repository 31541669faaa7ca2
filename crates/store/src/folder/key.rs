//! Which keys a folder can hold.

/// What the names of files begin with that are being written. They are never listed.
pub(super) const TEMPORARY: &str = ".store-tmp-";

/// The file at which conditional writes wait for one another.
pub(super) const LOCK: &str = ".store-tmp-lock";

/// Why a folder cannot hold a key; `None` if it can.
pub(super) fn invalid(key: &str) -> Option<&'static str> {
    if key.as_bytes().contains(&0) {
        return Some("it contains a null character");
    }
    // Nearly all parts begin with another byte, and every file that is opened is asked about.
    key.as_bytes().split(|byte| *byte == b'/').find_map(|part| match part {
        b"" => Some("a part of it is empty"),
        b"." | b".." => Some("it contains `.` or `..` as a part"),
        [b'.', ..] if part.starts_with(TEMPORARY.as_bytes()) => {
            Some("its name is one of unfinished files")
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_would_leave_the_folder_are_invalid() {
        for key in ["..", "../x", "a/../../x", "/etc/passwd", "a//b", "a/", "", "./a", "a\0"] {
            assert!(invalid(key).is_some(), "{key:?}");
        }
        assert!(invalid("a/.store-tmp-1").is_some());
        for key in ["a", "a/b", "..a", "a..", ".hidden", "a b/%2F+ü", "...", "a\\b"] {
            assert_eq!(invalid(key), None, "{key:?}");
        }
    }
}
