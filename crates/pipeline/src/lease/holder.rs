//! Who holds a destination: a process. One of this machine may be known to have ended.

use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a lease holds without being renewed.
pub(super) const TERM: Duration = Duration::from_secs(120);

/// Who holds a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Tells processes of one number apart: the machine's boot, the namespace of process numbers, and
    /// the start of the process. Empty where the system does not say.
    pub process: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

impl Holder {
    /// Until when a lease holds that is taken or renewed now.
    pub(super) fn end_of_term() -> Timestamp {
        Timestamp::now().saturating_add(TERM).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn this_process() -> Self {
        let pid = std::process::id();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        Holder {
            host: host.trim().to_owned(),
            pid,
            process: process(pid).unwrap_or_default(),
            since: Timestamp::now(),
            until: Self::end_of_term(),
        }
    }

    pub(super) fn unknown() -> Self {
        let (host, process) = (String::new(), String::new());
        let never = Timestamp::MIN;
        Holder { host, pid: 0, process, since: never, until: never }
    }

    pub(super) fn is_stale(&self) -> bool {
        self.until < Timestamp::now() || self.is_gone()
    }

    /// Whether the process is known to be gone: it was one of this boot and namespace, where no process
    /// of its number and start is left.
    fn is_gone(&self) -> bool {
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

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Holder { host, pid, since, .. } = self;
        write!(f, "process {pid} on {host}, since {since:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holder_whose_process_has_ended_is_stale() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let mut holder = Holder { pid: child.id(), ..Holder::this_process() };
        holder.process = process(child.id()).expect("it runs");
        assert!(!holder.is_stale());
        child.kill().expect("killed");
        assert!(child.wait().is_ok() && holder.is_stale());
        holder.pid = 1;
        assert!(holder.is_stale(), "another process of its number is not it");
    }
}
