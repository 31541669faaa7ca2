//! Many calls as JSON lines, answered in their order by several threads. Calls that agree in all but their IDs are
//! simulated once for each thread.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::Context;

use super::calls::{AskedCall, Line};
use super::doubts::Doubts;
use super::json;
use super::simulate::{Counted, Counts};
use super::simulator::Simulator;
use crate::exit::Failure;

/// Bytes of lines that are read before they are answered.
const MAX_CHUNK_BYTES: usize = 4 << 20;

/// Bytes of answers that are kept, by all threads together.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// Answers the lines of a file, or of standard input (`-`).
///
/// # Errors
/// If the file cannot be read, or a line is no call. What is before that line is answered.
pub(super) fn answer(
    file: &Path,
    simulator: Simulator<'_>,
    threads: usize,
    (doubts, counts): (&mut Doubts<'_>, &mut Counts),
) -> Result<(), Failure> {
    let is_stdin = file.as_os_str() == "-";
    let shown = file.display().to_string();
    let name = if is_stdin { "standard input".to_owned() } else { shown.clone() };
    let input: Box<dyn Read> = match is_stdin {
        true => Box::new(io::stdin()),
        false => {
            Box::new(std::fs::File::open(file).with_context(|| format!("could not read {shown}"))?)
        }
    };
    let mut lines = Lines { reader: BufReader::with_capacity(1 << 20, input), number: 0 };
    let mut chunk = Chunk::default();
    let mut kept = (0..threads).map(|_| Kept::default()).collect::<Vec<_>>();
    let (max_bytes, mut out) = (MAX_KEPT_BYTES / threads.max(1), io::stdout().lock());
    loop {
        let read = lines.read(&mut chunk);
        let answers = answer_chunk(&chunk, &name, simulator, &mut kept, max_bytes);
        for Answers { text, new_calls, counts: of_part, failure } in answers {
            counts.absorb(&of_part);
            new_calls.iter().for_each(|call| doubts.look_at(call));
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                // A reader that has gone (`| head`) is not an error.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                result => result?,
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        read.with_context(|| format!("could not read {name}"))?;
        if chunk.lines.is_empty() {
            return Ok(());
        }
    }
}

/// Lines that are answered together.
#[derive(Debug, Default)]
struct Chunk {
    text: String,
    /// Their numbers and places.
    lines: Vec<(u64, Range<usize>)>,
}

struct Lines {
    reader: BufReader<Box<dyn Read>>,
    number: u64,
}

impl Lines {
    /// Reads what is there, at least one line unless there is none.
    fn read(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        chunk.text.clear();
        chunk.lines.clear();
        while chunk.text.len() < MAX_CHUNK_BYTES {
            let from = chunk.text.len();
            if self.reader.read_line(&mut chunk.text)? == 0 {
                return Ok(());
            }
            self.number += 1;
            if !chunk.text[from..].trim().is_empty() {
                chunk.lines.push((self.number, from..chunk.text.len()));
            }
            // Whoever writes one line at a time waits for its answer.
            if self.reader.buffer().is_empty() && !chunk.lines.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The answers to a part of the lines.
#[derive(Default)]
struct Answers {
    text: String,
    /// Calls that the thread had not seen before.
    new_calls: Vec<AskedCall>,
    /// How many calls had which verdict.
    counts: Counts,
    /// What ended it.
    failure: Option<Failure>,
}

fn answer_chunk(
    chunk: &Chunk,
    name: &str,
    simulator: Simulator<'_>,
    kept: &mut [Kept],
    max_bytes: usize,
) -> Vec<Answers> {
    /// A thread is not worth less.
    const MIN_LINES: usize = 64;
    let size = chunk.lines.len().div_ceil(kept.len().max(1)).max(MIN_LINES);
    let parts = chunk.lines.chunks(size).zip(kept);
    let work = |(lines, kept): (&[(u64, Range<usize>)], &mut Kept)| {
        let mut answers = Answers::default();
        for (number, range) in lines {
            let line = &chunk.text[range.clone()];
            let place = || format!("{name}: line {number}");
            match kept.answer(line, place, simulator, max_bytes, &mut answers) {
                Ok(counted) => answers.counts.add(counted),
                Err(failure) => return Answers { failure: Some(failure), ..answers },
            }
        }
        answers
    };
    std::thread::scope(|scope| {
        let mut parts = parts.collect::<Vec<_>>();
        // This thread has a part, too.
        let last = parts.pop();
        let others = parts.into_iter().map(|part| scope.spawn(|| work(part))).collect::<Vec<_>>();
        let last = last.map(work);
        let joined = others.into_iter().map(|other| match other.join() {
            Ok(answers) => answers,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect::<Vec<_>>().into_iter().chain(last).collect()
    })
}

/// Answers without the IDs of their calls, by all else that the calls say.
#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Box<str>, (Box<str>, Counted)>,
    bytes: usize,
    key: String,
}

impl Kept {
    /// Answers a line.
    fn answer(
        &mut self,
        line: &str,
        place: impl Fn() -> String,
        simulator: Simulator<'_>,
        max_bytes: usize,
        answers: &mut Answers,
    ) -> Result<Counted, Failure> {
        let failed = |problem: String| Failure::usage(format!("{}: {problem}", place()));
        let line = Line::read(line).map_err(failed)?;
        self.key.clear();
        line.write_key(&mut self.key);
        let head = match line.id.as_deref() {
            Some(id) => format!("{{\"id\":{}", serde_json::to_string(id)?),
            None => "{\"id\":null".to_owned(),
        };
        if let Some((rest, counted)) = self.answers.get(self.key.as_str()) {
            answers.text.push_str(&head);
            answers.text.push_str(rest);
            return Ok(*counted);
        }
        let call = line.call(simulator.knowledge).map_err(failed)?;
        let call = AskedCall { place: Some(place()), id: None, ..call };
        let levels = simulator.policies.levels(&call.account, call.principal.as_ref());
        let found = simulator.of(&call, &levels)?;
        let counted = Counted::of(&call, &found, simulator.policies);
        let answer = json::line(&call, &found, simulator.before(&call)?)?;
        let rest = answer.strip_prefix("{\"id\":null").unwrap_or(&answer);
        answers.text.push_str(&head);
        answers.text.push_str(rest);
        answers.new_calls.push(call.clone());
        if self.bytes > max_bytes {
            self.answers.clear();
            self.bytes = 0;
        }
        self.bytes += rest.len() + self.key.len();
        self.answers.insert(self.key.as_str().into(), (rest.into(), counted));
        Ok(counted)
    }
}
