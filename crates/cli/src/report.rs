//! Messages on stderr, as lines of text or of JSON.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use serde_json::json;

use crate::plain::plain;

/// How messages are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Plain lines.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Writes messages to stderr.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    format: LogFormat,
}

impl Report {
    /// Messages in a format.
    pub fn new(format: LogFormat) -> Self {
        Report { format }
    }

    /// Something that a user may want to know.
    pub fn note(&self, message: &str) {
        self.line("info", "", message);
    }

    /// Something that a user should look at.
    pub fn warn(&self, message: &str) {
        self.line("warn", "warning: ", message);
    }

    /// Why the command ends.
    pub fn error(&self, message: &str) {
        self.line("error", "error: ", message);
    }

    /// Whether a progress bar can be shown.
    pub fn is_terminal(&self) -> bool {
        self.format == LogFormat::Text && std::io::stderr().is_terminal()
    }

    fn line(&self, level: &str, prefix: &str, message: &str) {
        // The parsers of settings say where a mistake is in several lines; no other message has any.
        let message = message.lines().map(plain).collect::<Vec<_>>().join("\n");
        let line = match self.format {
            LogFormat::Text => format!("{prefix}{message}\n"),
            LogFormat::Json => format!("{}\n", json!({ "level": level, "message": message })),
        };
        // Nobody can be told that stderr is gone.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
