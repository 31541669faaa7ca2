//! Lists Regions' folders of trails: one listing covers all days of a folder, because most have few objects.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{FuturesUnordered, StreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use logs::layout::{DateFolder, FileClass, LogKind, day_folder};
use store::{ListPage, ListRequest, ObjectMeta};

use super::copies::Copies;
use super::tree::{Held, Step};
use super::{At, ListedObject, Lister};
use crate::dates::DayRange;
use crate::error::Error;
use crate::source::found::{RegionFolder, Shown};
use crate::source::known::is_padded_day;

/// A stretch of days of one Region's folder that is still to be listed, with what is beside the days and sorts
/// among them.
#[derive(Debug, Clone)]
struct Stretch {
    /// Only keys after this one.
    start_after: String,
    /// Where to go on, after a page without keys.
    token: Option<String>,
    /// How many keys are asked for, if not as many as a page has.
    page_size: Option<usize>,
    from: Date,
    to: Date,
    /// Only keys up to this one, at which another stretch begins: every key is in one of them.
    until: Option<String>,
}

/// What becomes of the objects of a Region's folder.
enum Sink<'s> {
    /// They are given on; with `copies`, the first of each name.
    Send { copies: Option<&'s mut Copies>, held: &'s Mutex<Held>, has_held: bool },
    /// Their names are kept.
    Record(&'s mut Copies),
}

/// The folders of one account and Region are one group: their objects may have the same names. One whose
/// account only the files name may have those of every account of the Region.
pub(crate) fn groups(folders: &[RegionFolder]) -> Vec<Vec<&RegionFolder>> {
    let of_region = |folder: &RegionFolder| (folder.log, folder.region.clone());
    let without_account = folders.iter().filter(|folder| folder.account.is_none());
    let mixed = without_account.map(of_region).collect::<std::collections::BTreeSet<_>>();
    let mut groups = BTreeMap::<_, Vec<&RegionFolder>>::new();
    for folder in folders {
        let of_region = of_region(folder);
        let account = folder.account.as_deref().filter(|_| !mixed.contains(&of_region));
        groups.entry((account, of_region)).or_default().push(folder);
    }
    groups.into_values().collect()
}

impl Lister<'_> {
    /// Lists the Regions' folders, and gives on what is `held` of other layouts, each object once.
    pub(super) async fn list_regions(
        &self,
        folders: &[RegionFolder],
        held: Held,
    ) -> Result<(), Error> {
        let has_held = !held.is_empty();
        let held = Mutex::new(held);
        let mut groups = groups(folders);
        if let Some(shard) = self.settings.shard {
            // S3 throttles folders that all shards read at once.
            let start = shard.start(groups.len());
            groups.rotate_left(start);
        }
        let mut waiting = groups.into_iter();
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < self.settings.requests_in_flight.max(1)
                && let Some(group) = waiting.next()
            {
                in_flight.push(self.list_group(group, &held, has_held));
            }
            let Some(listed) = in_flight.next().await else { break };
            listed?;
        }
        drop(in_flight);
        for object in held.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
            self.send(object).await;
        }
        Ok(())
    }

    /// Lists folders that may have objects of the same names, one after the other: the first by key is read.
    async fn list_group(
        &self,
        folders: Vec<&RegionFolder>,
        held: &Mutex<Held>,
        has_held: bool,
    ) -> Result<(), Error> {
        let mut copies = (folders.len() > 1).then(Copies::default);
        for folder in folders {
            let sink = Sink::Send { copies: copies.as_mut(), held, has_held };
            if !self.list_region(folder, sink).await? {
                continue;
            }
            let rest = self.list_rest(folder, ':').await?;
            if rest.is_empty() {
                continue;
            }
            // They come after the days, and may have the names of what is there.
            let mut of_folder = Copies::default();
            if copies.is_none() {
                self.list_region(folder, Sink::Record(&mut of_folder)).await?;
            }
            let mut sink = Sink::Send {
                copies: Some(copies.as_mut().unwrap_or(&mut of_folder)),
                held,
                has_held,
            };
            for object in rest {
                self.give(object, &mut sink).await;
            }
        }
        Ok(())
    }

    /// Lists the days of a folder, and says whether there may be folders after them.
    ///
    /// Where a page does not hold them, the days that are left are split in two and listed at the same time,
    /// so that a folder with many objects is no slower than its share.
    async fn list_region(&self, folder: &RegionFolder, mut sink: Sink<'_>) -> Result<bool, Error> {
        let (first, last) = (self.selection.first, self.selection.last);
        let above = Arc::<str>::from(folder.above());
        let shown = self.shown(folder);
        let (asked, mut n_keys) = (DayRange::new(first, last), 0);
        let page_size = shown.zip(asked).map(|(shown, asked)| shown.page_size(asked));
        let whole = Stretch::of_days(&folder.prefix, first, last);
        let mut waiting = vec![Stretch { page_size, ..whole }];
        let mut in_flight = FuturesUnordered::new();
        let mut may_have_rest = false;
        let mut days: Option<(Date, Date)> = None;
        loop {
            while in_flight.len() < self.settings.requests_in_flight.max(1)
                && let Some(stretch) = waiting.pop()
            {
                in_flight.push(self.list_page(&folder.prefix, stretch));
            }
            let Some(listed) = in_flight.next().await else { break };
            let (stretch, page): (Stretch, ListPage) = listed?;
            let last_key = page.objects.last().map(|object| object.key.clone());
            let mut is_past = false;
            for meta in page.objects {
                if stretch.until.as_ref().is_some_and(|until| meta.key > *until) {
                    is_past = true;
                    break;
                }
                let below = &meta.key[folder.prefix.len()..];
                if below.as_bytes().first().is_some_and(|byte| *byte > b'9') {
                    (is_past, may_have_rest) = (true, true);
                    break;
                }
                let day = day_of_path(below);
                is_past |= day.is_some_and(|day| day > stretch.to);
                if day.is_some_and(|day| day > stretch.to) {
                    continue;
                }
                n_keys += 1;
                let is_recorded = matches!(sink, Sink::Record(_));
                let Some(object) = self.region_object(meta, folder, &above, is_recorded) else {
                    continue;
                };
                if let Some(day) = object.delivery.map(|delivery| delivery.day) {
                    let (from, to) = days.unwrap_or((day, day));
                    days = Some((from.min(day), to.max(day)));
                }
                self.give(object, &mut sink).await;
            }
            if page.next.is_some() && !is_past {
                waiting.extend(stretch.rest(&folder.prefix, last_key, page.next));
            } else if page.next.is_some() && stretch.until.is_none() {
                may_have_rest = true;
            }
        }
        for day in days.into_iter().flat_map(|(from, to)| [from, to]) {
            self.counts.deliver(&above, Some(day));
        }
        may_have_rest &= !shown.is_some_and(|shown| shown.has_no_rest);
        let keys_of_day = asked.map_or(0, |asked| asked.per_day(n_keys));
        self.show(folder, Shown { keys_of_day, has_no_rest: !may_have_rest });
        Ok(may_have_rest)
    }

    fn shown(&self, folder: &RegionFolder) -> Option<Shown> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(&folder.prefix).copied()
    }

    fn show(&self, folder: &RegionFolder, now: Shown) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(folder.prefix.clone(), now);
    }

    /// An object of a Region's folder, if it is wanted.
    fn region_object(
        &self,
        mut meta: ObjectMeta,
        folder: &RegionFolder,
        above: &Arc<str>,
        is_recorded: bool,
    ) -> Option<ListedObject> {
        let kind = self.selection.kind;
        let below = &meta.key[folder.prefix.len()..];
        if is_recorded && !kind.is_log_file(&meta.key) {
            return None;
        }
        // What is not as CloudTrail writes it is taken apart, which takes longer.
        let file = below.get(day_folder(Date::MIN).len()..);
        if folder.account.is_none()
            || day_of_path(below).is_none()
            || file.is_none_or(|file| file.contains('/'))
        {
            return self.object(meta, above);
        }
        let delivery = kind.delivery(&meta.key)?;
        if !(self.selection.wanted)(delivery) {
            return None;
        }
        if matches!(kind.class(&meta.key), FileClass::OtherLog(_) | FileClass::NoLog) {
            self.counts.skip(&meta.key, Some(delivery));
            return None;
        }
        let at = if above.is_empty() || kind == LogKind::Digest {
            At::Name
        } else {
            // A copy is as long as the name; the key would keep its room.
            meta.key = meta.key[above.len()..].to_owned();
            At::Below(Arc::clone(above))
        };
        Some(ListedObject { meta, at, delivery: Some(delivery), is_late: false })
    }

    /// Gives an object on, if it is the first of its name.
    async fn give(&self, object: ListedObject, sink: &mut Sink<'_>) {
        let (copies, held, has_held) = match sink {
            Sink::Record(copies) => {
                copies.is_new(&object, self.counts);
                return;
            }
            Sink::Send { copies, held, has_held } => (copies, held, *has_held),
        };
        if copies.as_mut().is_some_and(|copies| !copies.is_new(&object, self.counts)) {
            return;
        }
        let mut object = object;
        if has_held {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(other) = held.remove(&object.meta.key) {
                let (first, copy) =
                    if other.key() < object.key() { (other, object) } else { (object, other) };
                self.count_copy(&first, &copy);
                object = first;
            }
        }
        self.send(object).await;
    }

    /// The objects of folders beside the days of a Region's folder, and of files beside them, from a name on.
    async fn list_rest(
        &self,
        folder: &RegionFolder,
        from: char,
    ) -> Result<Vec<ListedObject>, Error> {
        let above = folder.above();
        let mut found = Vec::new();
        let mut steps = Vec::new();
        let request = ListRequest::folder(&folder.prefix).or_empty();
        let mut request = request.start_after(format!("{}{from}", folder.prefix));
        let mut is_empty = true;
        loop {
            let page = self.list(request.clone()).await?;
            is_empty &= page.objects.is_empty() && page.prefixes.is_empty();
            found.extend(page.objects.into_iter().filter_map(|meta| self.object(meta, above)));
            steps.extend(page.prefixes);
            if page.next.is_none() {
                break;
            }
            request.token = page.next;
        }
        if let Some(shown) = self.shown(folder).filter(|_| is_empty) {
            self.show(folder, Shown { has_no_rest: true, ..shown });
        }
        let (first, last) = (self.selection.first, self.selection.last);
        let may_hold = |prefix: &String| {
            let name = &prefix[folder.prefix.len()..prefix.len() - 1];
            DateFolder::None.child(name).is_none_or(|date| date.may_hold(first, last))
        };
        let steps = steps.into_iter().filter(may_hold);
        let steps = steps.map(|prefix| Step::of_folder(prefix, DateFolder::None)).collect();
        found.extend(self.walk(steps, above).await?);
        found.sort_by_cached_key(ListedObject::key);
        Ok(found)
    }

    /// Where nothing was found at all, the files may be beside the days, or before them. It is not looked
    /// for otherwise, because it would cost a listing of each Region's folder.
    pub(super) async fn look_before_the_days(&self, folders: &[RegionFolder]) -> Result<(), Error> {
        if self.counts.sent.load(Ordering::Relaxed) > 0 || self.counts.has_skipped() {
            return Ok(());
        }
        let n_folders = usize::try_from(self.settings.max_search_requests).unwrap_or(usize::MAX);
        let mut copies = Copies::default();
        for folder in folders.iter().take(n_folders) {
            for object in self.list_rest(folder, ' ').await? {
                if copies.is_new(&object, self.counts) {
                    self.send(object).await;
                }
            }
        }
        Ok(())
    }

    async fn list_page(
        &self,
        prefix: &str,
        stretch: Stretch,
    ) -> Result<(Stretch, ListPage), Error> {
        let mut request = ListRequest::all(prefix).start_after(&stretch.start_after);
        request.token.clone_from(&stretch.token);
        request.page_size = stretch.page_size;
        let page = self.list(request).await?;
        Ok((stretch, page))
    }
}

impl Shown {
    /// How many keys are asked for to have those of some days, and one after them: a quarter more than the last
    /// time.
    fn page_size(self, days: DayRange) -> usize {
        const MORE: u64 = 20;
        let keys = self.keys_of_day.saturating_mul(days.len().unsigned_abs());
        usize::try_from(keys.saturating_add(keys / 4 + MORE)).map_or(1000, |keys| keys.min(1000))
    }
}

impl Stretch {
    fn of_days(prefix: &str, from: Date, to: Date) -> Self {
        // With its slash, which sorts before everything in the folder. Services that walk a tree, such as
        // SeaweedFS, skip the whole folder after its name without the slash.
        let start_after = format!("{prefix}{}", day_folder(from));
        Stretch { start_after, token: None, page_size: None, from, to, until: None }
    }

    /// What is left after a page that ended with a key: the rest of the first half of the days that
    /// are left, and their second half. Where a key names no day, it is not known how many are left.
    fn rest(self, prefix: &str, last_key: Option<String>, token: Option<String>) -> Vec<Stretch> {
        let Some(last_key) = last_key else { return vec![Stretch { token, ..self }] };
        let page_size = None;
        let reached = day_of_path(&last_key[prefix.len()..]).map(|day| day.max(self.from));
        let from = reached.unwrap_or(self.from);
        let days = i64::from(self.to.since(from).map_or(0, |span| span.get_days()));
        if reached.is_none() || days < 1 {
            return vec![Stretch { start_after: last_key, token: None, page_size, from, ..self }];
        }
        let middle = from.saturating_add((days / 2).days());
        let mut second = Self::of_days(prefix, middle.saturating_add(1.day()), self.to);
        second.until = self.until;
        let until = Some(second.start_after.clone());
        let start_after = last_key;
        let first = Stretch { start_after, token: None, page_size, from, to: middle, until };
        vec![second, first]
    }
}

/// The day of `YYYY/MM/DD/…`, below a Region's folder.
fn day_of_path(below: &str) -> Option<Date> {
    if !is_padded_day(below) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| below[range].parse().ok();
    Date::new(below[..4].parse().ok()?, number(5..7)?, number(8..10)?).ok()
}
