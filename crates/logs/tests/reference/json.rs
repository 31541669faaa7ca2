//! JSON as a tree, read one character after another. Nothing is shared with the reader under test.

use std::iter::Peekable;
use std::str::Chars;

/// A JSON value. A string whose escapes are no text (half a surrogate pair) is `None`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(Option<String>),
    Array(Vec<Json>),
    Object(Vec<(Option<String>, Json)>),
}

impl Json {
    /// Reads a whole document; `None` if it is no JSON.
    pub(crate) fn parse(document: &[u8]) -> Option<Json> {
        let mut values = Json::parse_all(document)?;
        if values.len() == 1 { values.pop() } else { None }
    }

    /// Reads a document of values one after another; `None` if it is no JSON.
    pub(crate) fn parse_all(document: &[u8]) -> Option<Vec<Json>> {
        let mut chars = str::from_utf8(document).ok()?.chars().peekable();
        let mut values = vec![value(&mut chars)?];
        while chars.peek().is_some() {
            values.push(value(&mut chars)?);
        }
        Some(values)
    }

    /// The value of a key: the last one holds, and null is nothing.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { return None };
        let (_, value) = fields.iter().rev().find(|(name, _)| name.as_deref() == Some(key))?;
        if *value == Json::Null { None } else { Some(value) }
    }

    /// The same whatever the case of the key.
    pub(crate) fn get_in_any_case(&self, key: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { return None };
        let same =
            |name: &Option<String>| name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(key));
        fields.iter().rev().find(|(name, _)| same(name)).map(|(_, value)| value)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Json::Text(Some(text)) = self { Some(text) } else { None }
    }

    /// Whether all texts in it are text and all numbers have a value.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Json::Null | Json::Bool(_) => true,
            Json::Number(number) => number.parse::<f64>().is_ok_and(f64::is_finite),
            Json::Text(text) => text.is_some(),
            Json::Array(items) => items.iter().all(Json::is_sound),
            Json::Object(fields) => fields.iter().all(|(key, v)| key.is_some() && v.is_sound()),
        }
    }

    /// Whether it is an object all of whose keys are text.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Json::Object(fields) if fields.iter().all(|(name, _)| name.is_some()))
    }
}

fn blank(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| " \t\r\n".contains(*c)).is_some() {}
}

/// Reads a value with the white space around it.
fn value(chars: &mut Peekable<Chars<'_>>) -> Option<Json> {
    blank(chars);
    let value = match chars.peek()? {
        '{' => object(chars)?,
        '[' => array(chars)?,
        '"' => Json::Text(string(chars)?),
        'n' => word(chars, "null", Json::Null)?,
        't' => word(chars, "true", Json::Bool(true))?,
        'f' => word(chars, "false", Json::Bool(false))?,
        _ => number(chars)?,
    };
    blank(chars);
    Some(value)
}

fn word(chars: &mut Peekable<Chars<'_>>, word: &str, value: Json) -> Option<Json> {
    word.chars().all(|expected| chars.next() == Some(expected)).then_some(value)
}

fn object(chars: &mut Peekable<Chars<'_>>) -> Option<Json> {
    chars.next();
    blank(chars);
    let mut fields = Vec::new();
    if chars.next_if_eq(&'}').is_some() {
        return Some(Json::Object(fields));
    }
    loop {
        blank(chars);
        if chars.peek() != Some(&'"') {
            return None;
        }
        let key = string(chars)?;
        blank(chars);
        chars.next_if_eq(&':')?;
        fields.push((key, value(chars)?));
        match chars.next()? {
            ',' => {}
            '}' => return Some(Json::Object(fields)),
            _ => return None,
        }
    }
}

fn array(chars: &mut Peekable<Chars<'_>>) -> Option<Json> {
    chars.next();
    blank(chars);
    let mut items = Vec::new();
    if chars.next_if_eq(&']').is_some() {
        return Some(Json::Array(items));
    }
    loop {
        items.push(value(chars)?);
        match chars.next()? {
            ',' => {}
            ']' => return Some(Json::Array(items)),
            _ => return None,
        }
    }
}

fn string(chars: &mut Peekable<Chars<'_>>) -> Option<Option<String>> {
    chars.next();
    let mut units = Vec::new();
    loop {
        let c = match chars.next()? {
            '"' => return Some(String::from_utf16(&units).ok()),
            c if c < ' ' => return None,
            '\\' => match chars.next()? {
                c @ ('"' | '\\' | '/') => c,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let mut unit = 0;
                    for _ in 0..4 {
                        unit = unit * 16 + u16::try_from(chars.next()?.to_digit(16)?).ok()?;
                    }
                    units.push(unit);
                    continue;
                }
                _ => return None,
            },
            c => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
}

fn number(chars: &mut Peekable<Chars<'_>>) -> Option<Json> {
    let mut text = String::new();
    text.extend(chars.next_if_eq(&'-'));
    let whole = digits(chars)?;
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    text += &whole;
    if let Some(point) = chars.next_if_eq(&'.') {
        text.push(point);
        text += &digits(chars)?;
    }
    if let Some(e) = chars.next_if(|c| "eE".contains(*c)) {
        text.push(e);
        text.extend(chars.next_if(|c| "+-".contains(*c)));
        text += &digits(chars)?;
    }
    Some(Json::Number(text))
}

/// At least one digit.
fn digits(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        text.push(digit);
    }
    (!text.is_empty()).then_some(text)
}
