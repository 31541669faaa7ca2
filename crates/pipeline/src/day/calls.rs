//! The calls of one day: in memory with their texts under ids, and on disk where they are too many.

mod distinct;
mod entries;
mod identities;
mod order;
mod spill;

use std::io;

use bedrock::{Attribute, Call, Calls, InternerFull, TextId, Texts};

use tables::ROW_GROUP_ROWS;

use crate::omit::Omitted;

pub(crate) use distinct::{Distinct, Rules, SortedCalls};
pub(crate) use identities::{Identities, Identity};
use spill::Spill;

/// A call with where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayCall {
    /// The call. Its attributes refer to the texts that are held beside it.
    pub(crate) call: Call,
    /// The object's number in the day.
    pub(crate) object: u32,
    /// The call's number in its object.
    index: u32,
    /// Whether it is an entry of an invocation log of the day before or after, which only completes others.
    is_beside: bool,
}

/// What is held in memory of a day before it goes to disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Calls.
    pub(crate) calls: usize,
    /// The length of their texts, in bytes.
    pub(crate) text_bytes: usize,
    /// Texts of one attribute that stay in memory under the same ids when calls go to disk, in bytes:
    /// those that came first, which repeat most. All others go to disk with each call.
    pub(crate) kept_bytes: usize,
    /// Calls that are taken together from disk, whose texts are held meanwhile.
    pub(crate) merged_calls: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            calls: 1 << 19,
            text_bytes: 64 << 20,
            kept_bytes: 1 << 20,
            merged_calls: ROW_GROUP_ROWS,
        }
    }
}

/// The calls of one day, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct DayCalls {
    bounds: Bounds,
    omitted: Omitted,
    held: Vec<DayCall>,
    texts: Texts,
    spill: Option<Spill>,
    translation: Translation,
}

/// Why calls cannot be held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HoldError {
    /// They are too many to be held in memory, and cannot be written to a temporary file.
    #[error(transparent)]
    Temporary(#[from] io::Error),
    /// Their texts are too many.
    #[error(transparent)]
    Full(#[from] InternerFull),
}

impl DayCalls {
    /// Calls of which nothing is held that is omitted.
    pub(crate) fn without(omitted: Omitted) -> Self {
        DayCalls { omitted, ..DayCalls::default() }
    }

    /// The same with other bounds.
    #[cfg(test)]
    pub(crate) fn within(bounds: Bounds, omitted: Omitted) -> Self {
        DayCalls { bounds, omitted, ..DayCalls::default() }
    }

    /// Begins with another object, whose calls are added next.
    pub(crate) fn begin_object(&mut self, calls: &Calls) {
        self.translation.begin_object(&calls.texts);
    }

    /// Adds a call, or another event, of the object that was begun last; `index` is its number among those of
    /// its kind in the object.
    ///
    /// # Errors
    /// If the calls are too many to be held.
    pub(crate) fn add(
        &mut self,
        call: &Call,
        texts: &Texts,
        index: u32,
        object: u32,
    ) -> Result<(), HoldError> {
        self.hold(DayCall { call: call.clone(), object, index, is_beside: false }, texts)
    }

    /// Adds an entry of an invocation log of the day before or after, as [`DayCalls::add`] does one of the day. It is
    /// no call of the day, but may complete one.
    ///
    /// # Errors
    /// As [`DayCalls::add`].
    pub(crate) fn add_beside(
        &mut self,
        call: &Call,
        texts: &Texts,
        index: u32,
        object: u32,
    ) -> Result<(), HoldError> {
        self.hold(DayCall { call: call.clone(), object, index, is_beside: true }, texts)
    }

    /// Holds a call, whose texts are those of its object.
    fn hold(&mut self, mut day_call: DayCall, texts: &Texts) -> Result<(), HoldError> {
        let call = &mut day_call.call;
        let redacted = self.omitted.strip(&mut call.attributes, texts);
        for attribute in Attribute::ALL {
            if let Some(id) = call.attributes[attribute] {
                let id = self.translation.translate(attribute, id, texts, &mut self.texts)?;
                call.attributes[attribute] = Some(id);
            }
        }
        redacted.set(&mut call.attributes, &mut self.texts)?;
        self.held.push(day_call);
        let is_full = self.held.len() >= self.bounds.calls
            || self.texts.text_bytes() >= self.bounds.text_bytes;
        if is_full { self.spill() } else { Ok(()) }
    }

    /// Writes what is held to disk.
    fn spill(&mut self) -> Result<(), HoldError> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::begin()?),
        };
        let kept = kept(&self.texts, self.bounds.kept_bytes);
        spill.write(&self.held, &self.texts, &kept)?;
        self.held.clear();
        for (attribute, len) in Attribute::ALL.into_iter().zip(kept) {
            self.texts[attribute].truncate(len);
        }
        self.translation.forget();
        Ok(())
    }
}

/// How many texts of each attribute stay in memory.
fn kept(texts: &Texts, kept_bytes: usize) -> [usize; Attribute::ALL.len()] {
    Attribute::ALL.map(|attribute| match attribute.rarely_repeats() {
        true => 0,
        false => texts[attribute].len_within(kept_bytes),
    })
}

/// The ids of an object's texts among those of the day, as far as they were needed.
#[derive(Debug, Default)]
struct Translation([Vec<Option<TextId>>; Attribute::ALL.len()]);

impl Translation {
    fn begin_object(&mut self, texts: &Texts) {
        for (attribute, ids) in Attribute::ALL.into_iter().zip(&mut self.0) {
            ids.clear();
            ids.resize(texts[attribute].len(), None);
        }
    }

    fn forget(&mut self) {
        self.0.iter_mut().for_each(|ids| ids.fill(None));
    }

    fn translate(
        &mut self,
        attribute: Attribute,
        id: TextId,
        from: &Texts,
        to: &mut Texts,
    ) -> Result<TextId, InternerFull> {
        let translated = &mut self.0[attribute as usize][id.index()];
        if let Some(id) = *translated {
            return Ok(id);
        }
        let text = from[attribute].get(id);
        let id = match attribute.rarely_repeats() {
            true => to[attribute].append(text)?,
            false => to[attribute].intern(text)?,
        };
        *translated = Some(id);
        Ok(id)
    }
}
