//! A model id taken apart, and how alike two ids are.

/// The parts of `name[-date][-vN][:M][:context]`, all but the name optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ModelId<'a> {
    pub(crate) name: &'a str,
    /// `YYYYMMDD`, or `YYYY-MM-DD` as OpenAI writes it.
    pub(crate) date: Option<&'a str>,
    version: Option<&'a str>,
    minor: Option<&'a str>,
    context: Option<&'a str>,
}

/// What has to be dropped from two ids to make them equal: the part named and all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dropped {
    Nothing,
    /// `:48k`, `:mm`.
    Context,
    /// `:0`.
    Minor,
    /// `-v1`.
    Version,
    /// `-20240307`.
    Date,
}

impl<'a> ModelId<'a> {
    pub(crate) fn parse(id: &'a str) -> Self {
        let (head, tail) = id.split_once(':').map_or((id, None), |(head, tail)| (head, Some(tail)));
        let (minor, context) = match tail.map(|tail| (tail, tail.split_once(':'))) {
            Some((_, Some((minor, context)))) if all_digits(minor) => (Some(minor), Some(context)),
            Some((minor, None)) if all_digits(minor) => (Some(minor), None),
            Some((context, _)) => (None, Some(context)),
            None => (None, None),
        };
        let (rest, version) = match head.rsplit_once("-v") {
            Some((rest, version)) if all_digits(version) => (rest, Some(version)),
            _ => (head, None),
        };
        let (name, date) = match date_start(rest) {
            Some(start) => (&rest[..start], Some(&rest[start + 1..])),
            None => (rest, None),
        };
        ModelId { name, date, version, minor, context }
    }

    /// How much has to be dropped until two ids are equal; `None` if they never are.
    pub(crate) fn dropped(&self, other: &ModelId<'_>) -> Option<Dropped> {
        if self.name != other.name {
            return None;
        }
        Some(if self.date != other.date {
            Dropped::Date
        } else if self.version != other.version {
            Dropped::Version
        } else if self.minor != other.minor {
            Dropped::Minor
        } else if self.context != other.context {
            Dropped::Context
        } else {
            Dropped::Nothing
        })
    }

    /// Whether two ids name different versions, which are two models: Titan Text Embeddings v1 and
    /// V2 differ in price.
    pub(crate) fn has_other_version(&self, other: &ModelId<'_>) -> bool {
        self.version.zip(other.version).is_some_and(|(mine, theirs)| mine != theirs)
    }
}

/// Where the date at the end of a text starts, with its hyphen.
fn date_start(text: &str) -> Option<usize> {
    const FORMS: [&str; 2] = ["-00000000", "-0000-00-00"];
    let is_like = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    FORMS.iter().find_map(|form| {
        let start = text.len().checked_sub(form.len())?;
        let end = &text.as_bytes()[start..];
        end.iter().copied().zip(form.bytes()).all(is_like).then_some(start)
    })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
