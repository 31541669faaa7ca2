//! Writes a synthetic trail: `corpus DIR --preset org`. See `--help`, and `scripts/corpus`.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use bench::corpus::{self, Population, Preset, Spec};
use clap::Parser;

/// Writes a synthetic trail to DIR/trail and what it holds to DIR/truth.json. The same arguments
/// give the same bytes.
#[derive(Parser)]
struct Args {
    /// A folder, which is replaced.
    dir: PathBuf,
    /// What to begin with; the other arguments replace parts of it.
    #[arg(long, value_enum, default_value_t = Preset::Org)]
    preset: Preset,
    /// So many times the objects and the records.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Log files.
    #[arg(long)]
    objects: Option<u64>,
    /// Records in all of them together.
    #[arg(long)]
    records: Option<u64>,
    /// The share of the records that are Bedrock calls, from 0 to 1.
    #[arg(long)]
    bedrock_share: Option<f64>,
    /// The share of the records that come from an address of their own, from 0 to 1: the larger, the
    /// less do calls have in common. For the presets whose callers are programs.
    #[arg(long)]
    other_address_share: Option<f64>,
    /// The share of the records that come from a session of their own, from 0 to 1; likewise.
    #[arg(long)]
    other_session_share: Option<f64>,
    /// Accounts.
    #[arg(long)]
    accounts: Option<u64>,
    /// Regions of each account, at most 8.
    #[arg(long)]
    regions: Option<u64>,
    /// Days, from 2026-10-01 on.
    #[arg(long)]
    days: Option<u64>,
    /// Another corpus of the same kind.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let preset = Spec::preset(args.preset);
    let scaled = |count: u64| ((count as f64 * args.scale).round() as u64).max(1);
    let spec = Spec {
        objects: scaled(args.objects.unwrap_or(preset.objects)),
        records: scaled(args.records.unwrap_or(preset.records)),
        calls_in_a_million: args.bedrock_share.map_or(preset.calls_in_a_million, in_a_million),
        population: population(preset.population, &args)?,
        accounts: args.accounts.unwrap_or(preset.accounts).max(1),
        regions: args.regions.unwrap_or(preset.regions).clamp(1, 8),
        days: args.days.unwrap_or(preset.days).max(1),
        seed: args.seed,
        ..preset
    };
    let truth = corpus::write(&args.dir, &spec)?;
    writeln!(io::stdout(), "{}", truth.sentence())?;
    Ok(())
}

fn in_a_million(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1e6).round() as u64
}

fn population(preset: Population, args: &Args) -> Result<Population, String> {
    let (address, session) = (args.other_address_share, args.other_session_share);
    match preset {
        Population::Programs { other_address_in_a_million, other_session_in_a_million } => {
            Ok(Population::Programs {
                other_address_in_a_million: address
                    .map_or(other_address_in_a_million, in_a_million),
                other_session_in_a_million: session
                    .map_or(other_session_in_a_million, in_a_million),
            })
        }
        Population::Varied | Population::People if address.is_some() || session.is_some() => {
            Err("the callers of this preset have addresses and sessions of their own".to_owned())
        }
        Population::Varied | Population::People => Ok(preset),
    }
}
