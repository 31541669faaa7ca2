//! `hoptrail explain`: how a model identifier is read, which model it is, where it may run; of many, as rows; what an
//! AccessDenied error says; which Regions the profiles in use need.

mod column;
pub(crate) mod denial;
mod explanation;
mod in_use;
mod input;
mod rows;
mod text;

use std::io::{self, Write};

use bedrock::Knowledge;
use jiff::civil::Date;
use serde::Serialize;

use self::denial::DenialExplanation;
pub(crate) use self::explanation::price_region;
use self::explanation::{Explanation, explain};
pub(crate) use self::input::check_text;
use self::input::{Input, Reference};
use self::rows::Rows;
pub(crate) use self::text::{joined, wrapped};
use crate::answer::table;
use crate::args::{DayArgs, ExplainArgs, ExplainOutput};
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::{counted, grouped};
use crate::{knowledge, range, region};

/// What was asked about.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Explained {
    Reference(Box<Explanation>),
    Denial(Box<DenialExplanation>),
}

/// What is needed to explain.
#[derive(Debug, Clone, Copy)]
struct Context<'a> {
    /// The source Region that was asked for.
    region: Option<&'a str>,
    /// The day of the prices.
    day: Date,
    knowledge: &'a Knowledge,
}

/// Explains each model identifier or error, or lists the Regions in use.
///
/// # Errors
/// If an option or a file of models or prices is invalid, or standard input cannot be read.
pub(crate) fn run(args: ExplainArgs, messages: &Messages) -> Result<Exit, Failure> {
    if args.in_use {
        return in_use::run(args, messages);
    }
    let DayArgs { last, day, from, .. } = &args.days;
    if last.is_some() || day.is_some() || from.is_some() {
        return Err(Failure::usage(
            "--last, --day, --from, and --to are about --in-use; the day of the prices is --at",
        ));
    }
    let knowledge = knowledge::load(&args.knowledge)?;
    let day = range::day("--at", &args.at, jiff::Timestamp::now())?;
    let region = args.aws.region.as_deref();
    if let Some(region) = region {
        region::check("--region", region, &knowledge.regions)?;
    }
    let context = Context { region, day, knowledge: &knowledge };
    let is_of_rows = matches!(args.output, ExplainOutput::Csv | ExplainOutput::Jsonl);
    if args.with_prices && !is_of_rows {
        return Err(Failure::usage("--with-prices has no effect without --output csv or jsonl"));
    }
    let is_from_stdin = args.model_refs.iter().any(|model_ref| model_ref == "-");
    if is_from_stdin && args.model_refs.len() > 1 {
        return Err(Failure::usage("- is standard input: expected no other references beside it"));
    }
    if args.column.is_some() && !is_from_stdin {
        return Err(Failure::usage(
            "--column is about standard input: expected - as the reference",
        ));
    }
    let mut answer = Answer::new(args.output, args.with_prices, context);
    if is_from_stdin {
        match Input::open(Box::new(io::stdin().lock()), args.column.as_deref())? {
            Input::Error(text) => {
                for message in denial::messages(&text) {
                    answer.denial(&message)?;
                }
            }
            Input::References(mut references) => {
                if let Some(column) = references.column() {
                    messages.note(&format!("references are read from the column {column}"));
                }
                while let Some(reference) = references.next()? {
                    answer.reference(&reference)?;
                    if answer.is_closed {
                        break;
                    }
                }
                answer.end()?;
                return references_end(&answer, &references, messages);
            }
        }
    } else {
        for text in denial::joined(&args.model_refs) {
            if denial::is_error_text(&text) {
                answer.denial(&text)?;
            } else {
                answer.reference(&Reference { text, line: 0 })?;
            }
        }
    }
    answer.end()?;
    Ok(answer.exit())
}

/// Says what was read, and what of it is not known.
fn references_end(
    answer: &Answer<'_>,
    references: &input::References,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let Answer { n, unknown, .. } = answer;
    for warning in references.warnings() {
        messages.warn(&warning);
    }
    if *n == 0 {
        return Err(Failure::Nothing("standard input has no references".to_owned()));
    }
    let known = grouped(n - unknown);
    let without = match unknown {
        0 => String::new(),
        unknown => format!("; {} without: see `reason`", grouped(*unknown)),
    };
    messages.note(&format!("{}: {known} with a known model{without}", counted(*n, "reference")));
    Ok(match answer.exit() {
        Exit::Done if references.is_partial() => Exit::Partial,
        exit => exit,
    })
}

/// What is printed, as it comes.
#[derive(Debug)]
struct Answer<'a> {
    context: Context<'a>,
    output: ExplainOutput,
    rows: Rows<'a>,
    out: io::BufWriter<io::Stdout>,
    /// How many were explained.
    n: u64,
    /// How many of them have no known model, or say nothing.
    unknown: u64,
    /// Whether nobody reads on.
    is_closed: bool,
}

impl<'a> Answer<'a> {
    fn new(output: ExplainOutput, with_prices: bool, context: Context<'a>) -> Self {
        let rows = Rows::new(output, with_prices, context);
        let out = io::BufWriter::new(io::stdout());
        Answer { context, output, rows, out, n: 0, unknown: 0, is_closed: false }
    }

    fn reference(&mut self, reference: &Reference) -> Result<(), Failure> {
        let is_known = match self.output {
            ExplainOutput::Csv | ExplainOutput::Jsonl => {
                let header = if self.n == 0 { self.rows.header()? } else { String::new() };
                let (row, is_known) = self.rows.row(&reference.text)?;
                self.write(&(header + &row))?;
                is_known
            }
            ExplainOutput::Json | ExplainOutput::Text => {
                let found = explain(&reference.text, self.context);
                let is_known = found.model_id.is_some();
                self.explained(&Explained::Reference(Box::new(found)))?;
                is_known
            }
        };
        self.count(is_known);
        Ok(())
    }

    fn denial(&mut self, text: &str) -> Result<(), Failure> {
        let found = denial::explain(text, self.context.region, self.context.knowledge);
        let is_known = found.says_something();
        match self.output {
            ExplainOutput::Csv => {
                return Err(Failure::usage(
                    "--output csv has rows of references only: an error is explained as text, json, or jsonl",
                ));
            }
            ExplainOutput::Jsonl => self.write(&format!("{}\n", serde_json::to_string(&found)?))?,
            ExplainOutput::Json | ExplainOutput::Text => {
                self.explained(&Explained::Denial(Box::new(found)))?;
            }
        }
        self.count(is_known);
        Ok(())
    }

    fn explained(&mut self, explained: &Explained) -> Result<(), Failure> {
        let is_first = self.n == 0;
        let text = if self.output == ExplainOutput::Json {
            let json = serde_json::to_string_pretty(explained)?.replace('\n', "\n  ");
            format!("{}\n  {json}", if is_first { "[" } else { "," })
        } else {
            let text = match explained {
                Explained::Reference(found) => text::of(found),
                Explained::Denial(found) => found.text(),
            };
            let blank = if is_first { "" } else { "\n" };
            format!("{blank}{}", wrapped(&text, table::width()))
        };
        self.write(&text)
    }

    fn count(&mut self, is_known: bool) {
        self.n += 1;
        self.unknown += u64::from(!is_known);
    }

    /// Ends the document.
    fn end(&mut self) -> Result<(), Failure> {
        let end = match (self.output, self.n) {
            (ExplainOutput::Json, 0) => "[]\n",
            (ExplainOutput::Json, _) => "\n]\n",
            _ => "",
        };
        self.write(end)?;
        let flushed = self.out.flush();
        self.note_closed(flushed)
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.out.write_all(text.as_bytes());
        self.note_closed(written)
    }

    /// A reader that has gone (`| head`) is not an error.
    fn note_closed(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_closed = true,
            result => result?,
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.unknown == 0 { Exit::Done } else { Exit::Nothing }
    }
}
