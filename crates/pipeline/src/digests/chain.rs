//! The digests as chains: each is judged by the ones after it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use logs::Unreadable;
use logs::digest::{Digest, DigestName, Place, Previous, PublicKeys, SignatureError};
use logs::hash::to_hex;
use logs::layout::{LogKind, is_account};
use rustc_hash::FxHashMap;

use super::Span;
use super::report::{Digests, Listed};
use crate::outcome::digests::{Problem, ProblemKind};

/// A digest that is where it belongs.
struct Link {
    key: String,
    digest: Digest,
    place: Place,
    chain: String,
    /// Those after it that name it, by their numbers.
    named_by: Vec<usize>,
    /// The one before it in its chain of those that are there.
    older: Option<usize>,
    /// Whether what it says counts: known once it was compared with those after it.
    is_valid: bool,
}

/// Checks digests that were found under keys, and collects what they say of the log files of a span.
pub(super) fn check(
    mut found: Vec<(String, Result<Digest, Unreadable>)>,
    keys: Option<&PublicKeys>,
    span: Span,
) -> Digests {
    // They come in any order.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut check = Check {
        keys,
        span,
        links: Vec::new(),
        by_object: FxHashMap::default(),
        useless: BTreeSet::new(),
        unknown_keys: BTreeMap::new(),
        digests: Digests::default(),
    };
    check.digests.counts.digests = found.len() as u64;
    for (key, reading) in found {
        check.add(key, reading);
    }
    check.link();
    for number in 0..check.links.len() {
        check.judge(number);
        check.look_before(number);
    }
    check.finish()
}

/// The digests while they are checked.
struct Check<'k> {
    keys: Option<&'k PublicKeys>,
    span: Span,
    /// The newest first: a digest is checked after those that name it.
    links: Vec<Link>,
    /// By the keys that they say.
    by_object: FxHashMap<String, usize>,
    /// The names of files that are there and of no use, which are not missing.
    useless: BTreeSet<String>,
    /// Fingerprints of public keys that were not given, each with the first digest that needs it.
    unknown_keys: BTreeMap<String, String>,
    digests: Digests,
}

impl Check<'_> {
    fn add(&mut self, key: String, reading: Result<Digest, Unreadable>) {
        let digest = match reading {
            Ok(digest) => digest,
            Err(reason) => {
                self.useless.insert(file_name(&key).to_owned());
                return self.problem(ProblemKind::Unreadable, &key, reason.to_string());
            }
        };
        match (Place::of(&digest, &key), DigestName::of_key(&key)) {
            (Some(place), Some(name)) => self.links.push(Link {
                key,
                digest,
                place,
                chain: name.chain,
                named_by: Vec::new(),
                older: None,
                is_valid: true,
            }),
            _ => {
                self.useless.insert(file_name(&key).to_owned());
                let reason = format!("it says that it is `{}`", digest.object);
                self.problem(ProblemKind::Misplaced, &key, reason);
            }
        }
    }

    /// Orders the digests and finds the one before each.
    fn link(&mut self) {
        let order = |link: &Link| (link.digest.end, link.digest.start);
        self.links.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| a.key.cmp(&b.key)));
        let mut newest = FxHashMap::<String, usize>::default();
        for (number, link) in self.links.iter_mut().enumerate().rev() {
            link.older = newest.insert(link.chain.clone(), number);
            self.by_object.insert(link.digest.object.clone(), number);
        }
        self.digests.counts.chains = newest.len() as u64;
    }

    /// Whether a digest is valid, by those after it, which were checked before.
    ///
    /// One that a later digest contradicts is invalid, and so is one that only such digests name, back to
    /// the beginning: whoever changes a digest may have changed all before it too. A valid signature
    /// speaks for itself, whoever carries it.
    fn judge(&mut self, number: usize) {
        let link = &self.links[number];
        let digest = &link.digest;
        let (mut is_signed, mut hash_matches) = (false, false);
        let (mut wrong_signature, mut wrong_hash) = (None, None);
        for &later in &link.named_by {
            let later = &self.links[later];
            let Some(Previous { sha256, signature, .. }) = &later.digest.previous else { continue };
            match self.keys.map(|keys| keys.check(digest, signature)) {
                Some(Ok(())) => is_signed = true,
                Some(Err(SignatureError::NoKey { fingerprint })) => {
                    self.unknown_keys.entry(fingerprint).or_insert_with(|| link.key.clone());
                }
                Some(Err(error)) => {
                    wrong_signature = Some(format!("{error}, as `{}` carries it", later.key));
                }
                None => {}
            }
            if *sha256 == digest.sha256 {
                hash_matches |= later.is_valid;
            } else {
                let (expected, found) = (to_hex(sha256), to_hex(&digest.sha256));
                let reason =
                    format!("expected SHA-256 {expected} as `{}` says, found {found}", later.key);
                wrong_hash = Some(reason);
            }
        }
        let is_contradicted = wrong_signature.is_some() || wrong_hash.is_some();
        let is_vouched_for = hash_matches || link.named_by.is_empty();
        let counts = &mut self.digests.counts;
        counts.not_named += u64::from(link.named_by.is_empty());
        counts.hashes_valid += u64::from(hash_matches);
        counts.signatures_valid += u64::from(is_signed);
        counts.signatures_not_checked += u64::from(!is_signed && wrong_signature.is_none());
        let key = link.key.clone();
        self.links[number].is_valid = is_signed || (is_vouched_for && !is_contradicted);
        if let Some(reason) = wrong_hash {
            self.problem(ProblemKind::WrongHash, &key, reason);
        }
        if let Some(reason) = wrong_signature.filter(|_| !is_signed) {
            self.problem(ProblemKind::WrongSignature, &key, reason);
        }
        if is_signed {
            self.doubt_those_who_contradict(number);
        }
    }

    /// Those that name another hash of a digest which is signed are forged.
    fn doubt_those_who_contradict(&mut self, number: usize) {
        let sha256 = self.links[number].digest.sha256;
        for later in self.links[number].named_by.clone() {
            let previous = self.links[later].digest.previous.as_ref();
            if previous.is_some_and(|previous| previous.sha256 != sha256) {
                self.links[later].is_valid = false;
            }
        }
    }

    /// Looks for the digest that a digest names as the one before it.
    fn look_before(&mut self, number: usize) {
        let link = &self.links[number];
        let key = link.key.clone();
        let digest = &link.digest;
        let Some(previous) = &digest.previous else {
            if let Some(older) = link.older.filter(|_| link.is_valid) {
                let (end, start) = (self.links[older].digest.end, digest.start);
                let reason = format!(
                    "it names no digest before it, although there are some in its chain; \
                     the last of them ends at {end}, and it begins at {start}"
                );
                self.problem(ProblemKind::Restarted, &key, reason);
            }
            return;
        };
        if let Some(&before) = self.by_object.get(&previous.object) {
            if self.links[before].digest.end < digest.end {
                self.links[before].named_by.push(number);
            } else {
                let reason = format!(
                    "expected an earlier digest before it, found that it names `{}`",
                    previous.object
                );
                self.problem(ProblemKind::NotAPredecessor, &key, reason);
            }
            return;
        }
        // What was delivered elsewhere, or before the span, was not looked for.
        let Some(missing) = link.place.key(&previous.object) else { return };
        let ended = DigestName::of_key(&missing).map_or(digest.start, |name| name.end);
        let is_in_span = ended >= self.span.start();
        if is_in_span && link.is_valid && !self.useless.contains(file_name(&missing)) {
            let since = link.older.map(|older| self.links[older].digest.end);
            let gap = since.map_or_else(String::new, |since| {
                format!("; no digest covers {since} to {}", digest.start)
            });
            let reason = format!("`{key}` names it as the one before, and it is not there{gap}");
            self.problem(ProblemKind::MissingDigest, &missing, reason);
        }
    }

    fn finish(mut self) -> Digests {
        for (fingerprint, key) in std::mem::take(&mut self.unknown_keys) {
            let reason = SignatureError::NoKey { fingerprint }.to_string();
            self.problem(ProblemKind::NoPublicKey, &key, reason);
        }
        let mut links = std::mem::take(&mut self.links);
        links.retain(|link| link.is_valid);
        links.sort_by(|a, b| a.key.cmp(&b.key));
        let counts = &mut self.digests.counts;
        counts.valid = links.len() as u64;
        counts.invalid = counts.digests - counts.valid;
        for link in links {
            self.take(link);
        }
        for times in self.digests.covered.values_mut() {
            *times = joined(std::mem::take(times));
        }
        self.digests.counts.log_files = self.digests.listed.len() as u64;
        self.digests.problems.sort();
        self.digests
    }

    /// Takes what a valid digest says of log files.
    fn take(&mut self, link: Link) {
        let Link { key, digest, place, .. } = link;
        let number =
            u32::try_from(self.digests.keys.len()).expect("memory ends before 2^32 digests");
        self.digests.keys.push(key.as_str().into());
        let Some(folder) = logs_folder(&key) else { return };
        for log in digest.log_files {
            let found = place
                .key(&log.object)
                .filter(|key| key.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/')));
            let delivery = found.as_deref().and_then(|key| LogKind::CloudTrail.delivery(key));
            let (Some(found), Some(delivery)) = (found, delivery) else {
                self.digests.counts.log_files_elsewhere += 1;
                continue;
            };
            // Log files are known by their names, wherever the source has them.
            let found = LogKind::CloudTrail.name(&found).unwrap_or(found);
            if !self.span.has_log(delivery) {
                continue;
            }
            let listed = Listed { sha256: log.sha256, digest: number };
            let first = *self.digests.listed.entry(found.as_str().into()).or_insert(listed);
            if first.sha256 != listed.sha256 {
                let (one, other) = (to_hex(&first.sha256), to_hex(&listed.sha256));
                let digest = &self.digests.keys[first.digest as usize];
                let reason =
                    format!("`{digest}` lists it with SHA-256 {one}, `{key}` with {other}");
                self.problem(ProblemKind::Contradiction, &found, reason);
            }
        }
        let folder = name_of_folder(&folder, &key);
        self.digests.covered.entry(folder).or_default().push((digest.start, digest.end));
    }

    fn problem(&mut self, kind: ProblemKind, key: &str, reason: String) {
        self.digests.problems.push(Problem { key: key.to_owned(), kind, reason });
    }
}

/// The Region's folder of log files that a digest's key belongs to, without the last slash.
fn logs_folder(digest_key: &str) -> Option<String> {
    let folder = digest_key.rsplitn(5, '/').nth(4)?;
    let (folder, region) = folder.rsplit_once('/').unwrap_or(("", folder));
    let above = folder.strip_suffix(LogKind::Digest.folder())?;
    Some(format!("{above}{}/{region}", LogKind::CloudTrail.folder()))
}

/// The folder of the names of the log files in a Region's folder: the account is that of the digest's file if
/// its folder is not above.
fn name_of_folder(folder: &str, digest_key: &str) -> String {
    let mut names = folder.rsplit('/');
    let (region, log) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let of_file = file_name(digest_key).split('_').next().unwrap_or_default();
    let account = names.next().filter(|name| is_account(name)).unwrap_or(of_file);
    format!("{account}/{log}/{region}")
}

fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// Times that touch or overlap as one, in order.
fn joined(mut times: Vec<Times>) -> Vec<Times> {
    times.sort();
    let mut joined = Vec::<Times>::with_capacity(times.len());
    for (start, end) in times {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// From a moment to another one.
type Times = (Timestamp, Timestamp);
