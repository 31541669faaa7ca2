//! JSON's grammar over a text, strictly and without building anything.
//!
//! This does what `serde_json` does for ignored values (the same texts pass, which tests assert), in
//! about half the time, and it says where a value ends.

/// How many bytes of a string are looked at at once: most strings are shorter.
const PIECE_BYTES: usize = 16;

/// A place in a text that is UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The kinds of the brackets that are open, innermost last. The first 64 take no memory.
#[derive(Debug, Default)]
struct Open {
    depth: usize,
    /// One bit for each of the innermost ones, the last in the lowest: 1 is a brace.
    kinds: u64,
    /// The others, by 64.
    outer: Vec<u64>,
}

impl<'a> Scan<'a> {
    /// Begins at the first byte.
    pub(crate) fn new(text: &'a str) -> Self {
        Scan { text, at: 0 }
    }

    /// Where it is, in bytes from the beginning.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Whether nothing is left.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// The text that so many bytes further begins.
    #[inline]
    pub(crate) fn ahead(&self, before_bytes: usize, n_bytes: usize) -> &'a str {
        let start = self.at + before_bytes;
        &self.text[start..start + n_bytes]
    }

    /// Goes over bytes that are known.
    #[inline]
    pub(crate) fn advance(&mut self, n_bytes: usize) {
        self.at += n_bytes;
    }

    /// Goes over bytes that are known, and over a value that is, and gives that.
    #[inline]
    pub(crate) fn skip(&mut self, before_bytes: usize, value_bytes: usize) -> &'a str {
        let value = self.ahead(before_bytes, value_bytes);
        self.at += before_bytes + value_bytes;
        value
    }

    /// Goes to where another scan of the same text is, further on, and gives the text between.
    #[inline]
    pub(crate) fn skip_to(&mut self, further: &Self) -> &'a str {
        self.skip(0, further.at - self.at)
    }

    /// Goes over white space, and gives the byte behind it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Goes over white space and one byte, if that is the one; `None` if it is another.
    pub(crate) fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    /// Goes over white space and one byte, and gives that.
    pub(crate) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Goes over an object, and gives its text and the values of some keys that are not null. So it does
    /// for `null`, which has none. `None` also for an object that has escapes in a key.
    pub(crate) fn fields<const N: usize>(
        &mut self,
        names: &[&str; N],
    ) -> Option<(&'a str, [Option<&'a str>; N])> {
        let mut values = [None; N];
        let first = self.peek()?;
        let start = self.at;
        if first == b'n' {
            self.word("null")?;
            return Some(("null", values));
        }
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some((&self.text[start..self.at], values));
        }
        loop {
            let key = self.key()?;
            let value = self.value()?;
            let name = &key[1..key.len() - 1];
            if name.contains('\\') {
                return None;
            }
            if let Some(index) = names.iter().position(|known| *known == name) {
                values[index] = (value != "null").then_some(value);
            }
            match self.next()? {
                b',' => {}
                b'}' => return Some((&self.text[start..self.at], values)),
                _ => return None,
            }
        }
    }

    /// Goes over an object's key and its colon, and gives the key with its quotes.
    pub(crate) fn key(&mut self) -> Option<&'a str> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at;
        self.string()?;
        let key = &self.text[start..self.at];
        self.take(b':')?;
        Some(key)
    }

    /// Goes over a value, and gives its text.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => self.nested()?,
            byte => self.scalar(byte)?,
        }
        Some(&self.text[start..self.at])
    }

    fn nested(&mut self) -> Option<()> {
        let mut open = Open::default();
        loop {
            match self.peek()? {
                byte @ (b'{' | b'[') => {
                    self.at += 1;
                    let is_object = byte == b'{';
                    let end = if is_object { b'}' } else { b']' };
                    if self.peek()? != end {
                        open.push(is_object);
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                    self.at += 1;
                }
                byte => self.scalar(byte)?,
            }
            // Behind a value.
            while open.depth > 0 {
                let is_object = open.kinds & 1 == 1;
                let byte = self.peek()?;
                self.at += 1;
                match byte {
                    b',' => {
                        if is_object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if is_object => open.pop(),
                    b']' if !is_object => open.pop(),
                    _ => return None,
                }
            }
            if open.depth == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b'"' => self.string(),
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number(),
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let is_here = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        is_here.then(|| self.at += word.len())
    }

    /// A string, from quote to quote.
    fn string(&mut self) -> Option<()> {
        let text = self.text.as_bytes();
        self.at += 1;
        loop {
            while let Some(piece) = text[self.at..].first_chunk() {
                if let Some(end) = end(piece) {
                    self.at += end;
                    break;
                }
                self.at += PIECE_BYTES;
            }
            let byte = *text.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Option<()> {
        let text = self.text.as_bytes();
        let byte = *text.get(self.at)?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = text.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let digits = self.text.as_bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit());
        let n_digits = digits.count();
        self.at += n_digits;
        (n_digits > 0).then_some(())
    }
}

/// The place of the first byte that ends a string or cannot simply be gone over: a quote, a backslash, a
/// control character.
#[inline(always)]
fn end(piece: &[u8; PIECE_BYTES]) -> Option<usize> {
    const ONES: u128 = u128::MAX / 255;
    const HIGH: u128 = ONES << 7;
    let bytes = u128::from_le_bytes(*piece);
    let (quote, backslash) = (bytes ^ (ONES * 0x22), bytes ^ (ONES * 0x5c));
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    // A borrow may mark a byte behind one that is marked rightly, so that the first mark is right.
    let marks = (quotes | backslashes | controls) & HIGH;
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

impl Open {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.kinds);
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u64::from(is_object);
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.kinds >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.kinds = self.outer.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    /// What the scan makes of a whole text.
    fn scanned(text: &str) -> Option<&str> {
        let mut scan = Scan::new(text);
        let value = scan.value()?;
        if scan.peek().is_some() { None } else { Some(value) }
    }

    fn check(text: &str) {
        let expected = serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get);
        assert_eq!(scanned(text), expected, "{text}");
    }

    #[test]
    fn the_same_texts_pass() {
        for text in [
            "0",
            "-0",
            "01",
            "-",
            "1.",
            "1.5",
            ".5",
            "1e",
            "1e+",
            "1E-07",
            "1e5",
            "+1",
            "0x1",
            "1a",
            "true",
            "tru",
            "nulll",
            "false ",
            "\u{c}1",
            "\u{a0}1",
            "",
            " ",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\u12\"",
            "\"\\u12ag\"",
            "\"\\uD800\"",
            "\"\\x\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "\"1234567\"",
            "\"12345678\"",
            "\"1234567\u{1f}\"",
            "\"\u{20}\u{21}\u{23}é\"",
            "[]",
            "[ ]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{]",
            "{}",
            "{ }",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{\"a\" : [ { } , [ ] ] }",
            "[{]}",
            "[[1],{\"a\":{\"b\":[]}}]",
            "1 1",
            "[]]",
            "{\"a\":1 \"b\":2}",
        ] {
            check(text);
        }
    }

    #[test]
    fn any_depth() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 200, 100_000] {
            let open =
                (0..depth).map(|i| if i % 3 == 0 { "[" } else { "{\"k\":" }).collect::<String>();
            let close = (0..depth).rev().map(|i| if i % 3 == 0 { "]" } else { "}" });
            let text = format!("{open}1{}", close.collect::<String>());
            assert_eq!(scanned(&text), Some(text.as_str()));
            let closer = text.len() - depth / 2;
            let other = if &text[closer - 1..closer] == "]" { "}" } else { "]" };
            let wrong = format!("{}{other}{}", &text[..closer - 1], &text[closer..]);
            assert_eq!(scanned(&wrong), None);
        }
    }

    #[test]
    fn every_byte_at_every_place() {
        for place in 0..PIECE_BYTES {
            for byte in 0..=u8::MAX {
                let mut piece = [b'a'; PIECE_BYTES];
                piece[place] = byte;
                let is_end = byte < 0x20 || byte == 0x22 || byte == 0x5c;
                assert_eq!(end(&piece), is_end.then_some(place), "{byte}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

        #[test]
        fn any_text(pieces in vec(prop::sample::select(PIECES), 0..24)) {
            let text = pieces.concat();
            check(&text);
            check(&format!("[{text}]"));
            check(&format!("{{\"k\":\"{text}\"}}"));
        }
    }

    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "{\"a\":",
        ",\"b\":",
        ",",
        ":",
        "\"",
        "\\",
        "\\\"",
        "\\u00e9",
        "\\ud",
        "a",
        "é",
        "1",
        "-",
        "0",
        ".5",
        "e9",
        " ",
        "\n",
        "\u{1}",
        "true",
        "null",
        "\"text\"",
        "\"long text, long\"",
    ];
}
