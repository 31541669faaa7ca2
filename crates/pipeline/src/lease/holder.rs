//! Who holds a day: a run of a process. One of this machine may be known to have ended.

use std::fs;
use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest name of a machine that is kept.
const MAX_HOST_CHARS: usize = 255;

/// Who holds a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's name.
    #[serde(deserialize_with = "printable")]
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Tells processes of one number apart: the machine's boot, the namespace of process numbers, and
    /// the start of the process. Empty where the system does not say.
    pub process: String,
    /// Tells runs apart. That of hoptrail 0.1 is empty.
    #[serde(default)]
    pub run: String,
    /// When the run began, by the clock of its machine.
    pub since: Timestamp,
    /// How often the lease was renewed.
    #[serde(default)]
    pub renewals: u64,
    /// The run is done with the day: where a service cannot delete on a condition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_given_back: bool,
}

impl Holder {
    pub(super) fn this_process() -> Self {
        let pid = std::process::id();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        // Its keys are random, and differ from one to the next.
        let random = || RandomState::new().hash_one(pid);
        Holder {
            host: host.trim().to_owned(),
            pid,
            process: process(pid).unwrap_or_default(),
            run: format!("{:016x}{:016x}", random(), random()),
            since: Timestamp::now(),
            renewals: 0,
            is_given_back: false,
        }
    }

    /// Whether this was written as `other`.
    pub(super) fn is_renewal(&self, other: &Holder) -> bool {
        (&self.run, self.renewals) == (&other.run, other.renewals)
    }

    pub(super) fn unknown() -> Self {
        Holder {
            host: String::new(),
            pid: 0,
            process: String::new(),
            run: String::new(),
            since: Timestamp::MIN,
            renewals: 0,
            is_given_back: false,
        }
    }

    /// Whether the process is known to be gone: it was one of this boot and namespace, where no process
    /// of its number and start is left.
    pub(super) fn is_gone(&self) -> bool {
        let machine =
            |process: &str| process.rsplit_once(' ').map(|(machine, _)| machine.to_owned());
        let here = process(std::process::id()).as_deref().and_then(machine);
        here.is_some()
            && machine(&self.process) == here
            && process(self.pid).is_none_or(|running| running != self.process)
    }
}

/// The boot, the namespace of process numbers and the start of a process that runs here, from Linux's
/// `/proc`; `None` if there is no such process, or another system.
fn process(pid: u32) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the start is the 20th field behind it (proc(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    // A process that has ended writes no more, whether or not its parent has waited for it.
    if state == "Z" || state == "X" {
        return None;
    }
    let start = fields.nth(18)?;
    Some(format!("{} {} {start}", boot.trim(), namespace.display()))
}

/// A text of another program, which a message shows: on one line, and not at any length.
fn printable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.chars().take(MAX_HOST_CHARS).flat_map(char::escape_debug).collect())
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Holder { host, pid, since, .. } = self;
        match pid {
            0 => f.write_str(
                "its lease cannot be read, and counts no more three minutes after it was written",
            ),
            _ => write!(f, "process {pid} on {host}, since {since:.0}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holder_whose_process_has_ended_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let mut holder = Holder { pid: child.id(), ..Holder::this_process() };
        holder.process = process(child.id()).expect("it runs");
        assert!(!holder.is_gone());
        child.kill().expect("killed");
        assert!(child.wait().is_ok() && holder.is_gone());
        holder.pid = 1;
        assert!(holder.is_gone(), "another process of its number is not it");
    }

    #[test]
    fn texts_of_another_program_stay_on_their_line() {
        let json =
            r#"{"host":"a\nb\u001b[31m","pid":7,"process":"","since":"2026-10-05T00:00:00Z"}"#;
        let holder = serde_json::from_str::<Holder>(json).expect("a holder");
        let shown = holder.to_string();
        assert_eq!(shown, r"process 7 on a\nb\u{1b}[31m, since 2026-10-05T00:00:00Z");
    }
}
