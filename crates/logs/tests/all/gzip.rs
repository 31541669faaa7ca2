//! Gzip members, whole and as a stream, which must agree.

use std::io::{BufReader, Read, Write};

use flate2::{Compression, GzBuilder};
use libdeflater::crc32;
use logs::gzip::{GzipError, Member, Members, inflate, is_gzip};
use testkit::gzip as member;

const TEXT: &[u8] = b"some text that is long enough to have a body, a body, a body";

fn inflated(body: &[u8], cap_bytes: u64) -> Result<Vec<u8>, GzipError> {
    inflated_members(body, Members::One, cap_bytes)
}

fn inflated_members(body: &[u8], members: Members, cap_bytes: u64) -> Result<Vec<u8>, GzipError> {
    let mut scratch = b"old".to_vec();
    let found = inflate(body, &mut scratch, members, cap_bytes).map(<[u8]>::to_vec);
    // However little of the body is there at a time.
    for capacity in [1, 7, 4096] {
        let mut streamed = Vec::new();
        let body = BufReader::with_capacity(capacity, body);
        let again = Member::new(body, members, cap_bytes).read_to_end(&mut streamed);
        assert_eq!(found, again.map(|_| streamed).map_err(|error| GzipError::from_io(&error)));
    }
    found
}

#[test]
fn one_member_gives_its_text() {
    let body = member(b"hello");
    assert!(is_gzip(&body) && !is_gzip(b"{}"));
    assert_eq!(inflated(&body, 5), Ok(b"hello".to_vec()));
    assert_eq!(inflated(&member(b""), 0), Ok(Vec::new()));
}

#[test]
fn text_larger_than_the_cap_is_an_error() {
    assert_eq!(inflated(&member(b"hello"), 4), Err(GzipError::OverCap { cap_bytes: 4 }));
    let bomb = member(&vec![0; 50_000_000]);
    assert_eq!(inflated(&bomb, 1000), Err(GzipError::OverCap { cap_bytes: 1000 }));
}

#[test]
fn bytes_after_the_member_are_an_error() {
    for tail in [member(b"forged"), b"x".to_vec(), vec![0; 8]] {
        let body = [member(b"hello"), tail].concat();
        assert_eq!(inflated(&body, 100), Err(GzipError::TrailingBytes));
    }
}

#[test]
fn all_members_are_one_text() {
    let all = |body: &[u8], cap_bytes| inflated_members(body, Members::All, cap_bytes);
    let (one, two, none) = (member(b"hello"), member(b", world"), member(b""));
    assert_eq!(all(&one, 5), Ok(b"hello".to_vec()));
    let body = [&one[..], &none, &two, &none, &none].concat();
    assert_eq!(all(&body, 12), Ok(b"hello, world".to_vec()));
    assert_eq!(all(&body, 11), Err(GzipError::OverCap { cap_bytes: 11 }));
    assert_eq!(inflated(&body, 12), Err(GzipError::TrailingBytes));
    // What ends a later member holds for it as for the first.
    for length in one.len() + none.len() + 1..one.len() + none.len() + two.len() {
        assert_eq!(all(&body[..length], 100), Err(GzipError::Truncated), "{length}");
    }
    for tail in [&b"x"[..], b"xxxxxxxxxxxxxxxxxx", &[0; 8], &[0; 512], &one[..1], b"\x1f\x8b"] {
        assert!(all(&[&body, tail].concat(), 100).is_err(), "{tail:?}");
        assert!(all(&[&one, tail, &two].concat(), 100).is_err(), "{tail:?}");
    }
}

#[test]
fn wrong_checksum_of_the_header_is_an_error() {
    let mut body = member(b"hello");
    body[3] = 1 << 1;
    let checksum = crc32(&body[..10]).to_le_bytes();
    let with = |checksum: [u8; 2]| [&body[..10], &checksum[..], &body[10..]].concat();
    assert_eq!(inflated(&with([checksum[0], checksum[1]]), 5), Ok(b"hello".to_vec()));
    let found = inflated(&with([checksum[0], !checksum[1]]), 5);
    assert!(matches!(found, Err(GzipError::Damaged(_))), "{found:?}");
}

#[test]
fn cut_at_every_byte_is_noticed() {
    let body = member(TEXT);
    for length in 0..body.len() {
        assert_eq!(inflated(&body[..length], 1000), Err(GzipError::Truncated), "{length}");
    }
}

/// Of bits of the header some may not matter; of a later member, none of its codes do less.
#[test]
fn flipped_bit_never_changes_the_text() {
    let two = [member(b"some text, "), member(b"and some more text")].concat();
    for (body, members, text) in
        [(member(TEXT), Members::One, TEXT), (two, Members::All, b"some text, and some more text")]
    {
        let mut n_noticed = 0;
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match inflated_members(&damaged, members, 1000) {
                Ok(found) => assert_eq!(found, text, "bit {bit}"),
                Err(_) => n_noticed += 1,
            }
        }
        assert!(n_noticed > body.len() * 4, "{n_noticed}");
    }
}

/// The name of a file, its comment, and more: what a header may hold.
#[test]
fn header_with_all_its_fields_is_skipped() {
    let named = GzBuilder::new().filename("a.json").comment("c").extra([1, 2, 3]);
    let mut named = named.write(Vec::new(), Compression::fast());
    named.write_all(TEXT).expect("memory");
    assert_eq!(inflated(&named.finish().expect("memory"), 100).as_deref(), Ok(TEXT));
}

/// A size that is in the header too, here as the time, and a trailer that is there twice.
#[test]
fn repeated_size_or_trailer_hides_nothing_that_follows() {
    let size = u32::try_from(TEXT.len()).expect("small");
    let mut twice = GzBuilder::new().mtime(size).write(Vec::new(), Compression::fast());
    twice.write_all(TEXT).expect("memory");
    let twice = twice.finish().expect("memory");
    assert_eq!(inflated(&twice, 100).as_deref(), Ok(TEXT));
    for body in [member(TEXT), twice] {
        let trailer = &body[body.len() - 8..];
        for tail in [
            &trailer[4..],
            trailer,
            &[trailer, trailer].concat(),
            &trailer[7..],
            &[&[0; 4], &trailer[4..]].concat(),
        ] {
            let found = inflated(&[&body, tail].concat(), 100);
            assert_eq!(found, Err(GzipError::TrailingBytes), "{tail:?}");
        }
    }
}

#[test]
fn false_size_takes_no_memory() {
    for size in [0, 1, 59, 61, 1 << 19, u32::MAX] {
        let mut body = member(TEXT);
        let end = body.len() - 4;
        body[end..].copy_from_slice(&u32::to_le_bytes(size));
        let mut scratch = Vec::new();
        let found = inflate(&body, &mut scratch, Members::One, 1 << 20);
        assert!(matches!(found, Err(GzipError::Damaged(_))), "{size}: {found:?}");
        assert!(scratch.capacity() < 200_000, "{size}: {}", scratch.capacity());
    }
}
