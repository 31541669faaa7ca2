//! How large a corpus is, and what it is made of.

use clap::ValueEnum;

/// Corpora with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// An organization's trail: large files, one call in a hundred records.
    Org,
    /// The same number of files from a month instead of three days.
    Month,
    /// An account that does little else: large files, six calls in ten records.
    Heavy,
    /// Many accounts that do little: 20,000 files of 35 records, one call in a hundred.
    Small,
    /// As heavy, where a role is assumed for each request and called from anywhere.
    Sessions,
    /// As heavy, where no two calls are alike: each draws its caller, operation, model, Regions, agent
    /// and error on its own.
    Varied,
    /// As heavy, with the people, services, functions and gateways of an organization.
    People,
    /// Small files as most deliveries are, with five to twenty records, one call in a hundred.
    Trickle,
}

/// Who makes the calls of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Programs that call one model, or two, in one way, many times in a row.
    Programs {
        /// How many of a million records come from an address of their own, as behind a balancer. Such
        /// a call shares nothing with the others of its caller, so that this decides how much a reader
        /// has to hold.
        other_address_in_a_million: u64,
        /// How many of a million records come from a session of their own, as where a role is assumed
        /// for each request.
        other_session_in_a_million: u64,
    },
    /// Callers whose calls have nothing in common but the caller.
    Varied,
    /// People, services, functions and gateways.
    People,
}

/// The programs of most corpora, some of which are behind a balancer.
const PROGRAMS: Population =
    Population::Programs { other_address_in_a_million: 50_000, other_session_in_a_million: 0 };

/// How large a corpus is, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Log files.
    pub objects: u64,
    /// Records in all of them together.
    pub records: u64,
    /// How many of a million records are Bedrock calls.
    pub calls_in_a_million: u64,
    /// How many of a million files hold any calls.
    pub files_with_calls_in_a_million: u64,
    /// How many of a million files hold the needle where it means nothing.
    pub files_with_traps_in_a_million: u64,
    /// Who makes the calls.
    pub population: Population,
    /// Accounts.
    pub accounts: u64,
    /// Regions of each account.
    pub regions: u64,
    /// Days, from 2026-10-01 on.
    pub days: u64,
    /// Whether some files have many times the records of others, as the files of busy accounts do.
    pub skewed: bool,
    /// The name of the corpus among others of its kind.
    pub seed: u64,
}

impl Spec {
    /// The corpus of a name.
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Org => Spec {
                objects: 800,
                records: 820_000,
                calls_in_a_million: 10_000,
                files_with_calls_in_a_million: 420_000,
                files_with_traps_in_a_million: 30_000,
                population: PROGRAMS,
                accounts: 24,
                regions: 5,
                days: 3,
                skewed: true,
                seed: 1,
            },
            Preset::Month => Spec { days: 30, ..Spec::preset(Preset::Org) },
            Preset::Heavy => Spec {
                objects: 700,
                records: 880_000,
                calls_in_a_million: 600_000,
                files_with_calls_in_a_million: 1_000_000,
                files_with_traps_in_a_million: 30_000,
                population: PROGRAMS,
                accounts: 6,
                regions: 3,
                days: 2,
                skewed: true,
                seed: 1,
            },
            Preset::Small => Spec {
                objects: 20_000,
                records: 700_000,
                calls_in_a_million: 10_000,
                files_with_calls_in_a_million: 160_000,
                files_with_traps_in_a_million: 20_000,
                population: PROGRAMS,
                accounts: 60,
                regions: 8,
                days: 3,
                skewed: false,
                seed: 1,
            },
            Preset::Sessions => Spec {
                population: Population::Programs {
                    other_address_in_a_million: 1_000_000,
                    other_session_in_a_million: 1_000_000,
                },
                ..Spec::preset(Preset::Heavy)
            },
            Preset::Varied => Spec {
                population: Population::Varied,
                accounts: 8,
                regions: 8,
                days: 5,
                ..Spec::preset(Preset::Heavy)
            },
            Preset::People => Spec {
                population: Population::People,
                accounts: 40,
                regions: 4,
                days: 5,
                ..Spec::preset(Preset::Heavy)
            },
            Preset::Trickle => Spec {
                objects: 5000,
                records: 82_000,
                calls_in_a_million: 10_000,
                files_with_calls_in_a_million: 100_000,
                files_with_traps_in_a_million: 10_000,
                population: Population::People,
                accounts: 80,
                regions: 8,
                days: 10,
                skewed: true,
                seed: 1,
            },
        }
    }

    /// How many of a million records are calls in a file that holds calls.
    pub(super) fn calls_in_a_million_of_such_a_file(&self) -> u64 {
        let files = self.files_with_calls_in_a_million.max(1);
        (self.calls_in_a_million.saturating_mul(1_000_000) / files).min(1_000_000)
    }
}
