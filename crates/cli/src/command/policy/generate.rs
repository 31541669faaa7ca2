//! `hoptrail policy generate`: the smallest policy for a goal, and what it does.

mod exempted;
mod goals;
mod ground;
mod history;
mod report;
mod scene;

use std::path::Path;

use anyhow::Context;
use policy::generate::form::{Deployment, Form, FormFile, node_id};
use policy::generate::{GenerateError, Generated, Goal, Part, Size, managed_by_control_tower};

use self::goals::Prepared;
use self::ground::Places;
use crate::args::{FormArgument, GenerateCommonArgs, GenerateGoal};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::knowledge;
use crate::messages::Messages;

/// Generates. Nothing that does not hold is printed.
///
/// # Errors
/// If an option, a policy, or an organization is invalid, the tables cannot be read, or the result does not
/// hold.
pub(super) fn run(goal: GenerateGoal, messages: &Messages) -> Result<Exit, Failure> {
    let knowledge = knowledge::load(&goal.common().knowledge.clone().into())?;
    let places = Places::load(goal.common(), messages)?;
    let common = goal.common().clone();
    let Prepared { goal, ground, deployment, form } =
        goals::prepare(goal, &places, &knowledge, messages)?;
    let found = policy::generate::generate(goal.as_ref(), &ground).map_err(failure)?;
    let text = report::of(goal.as_ref(), &found);
    let (exit, is_printed) = judge(goal.as_ref(), &found, messages)?;
    let files = if is_printed {
        form.files(&found.parts, &deployment).map_err(failure)?
    } else {
        Vec::new()
    };
    if common.report {
        print(&text)?;
    } else {
        messages.note(text.trim_end());
    }
    for part in found.parts.iter().filter(|_| is_printed) {
        warn_of_drift(part, messages);
    }
    if is_printed && !common.report {
        deliver(&files, &common, form, messages)?;
    }
    match exit {
        Exit::Failed => Err(Failure::Failed(anyhow::anyhow!(
            "the policy does not reach its goal, see above: it is not printed"
        ))),
        exit => Ok(exit),
    }
}

/// How the command ends, and whether what was written may be printed.
fn judge(goal: &dyn Goal, found: &Generated, messages: &Messages) -> Result<(Exit, bool), Failure> {
    if !found.obstacles.is_empty() {
        messages.warn(
            "no SCP that is added reaches the goal: the statements that deny it have to change, see below",
        );
        return Ok((Exit::Gate, false));
    }
    if !found.matrix.holds() {
        return Ok((Exit::Failed, false));
    }
    if found.parts.is_empty() {
        messages.note(&format!("no policy has to change: {}", goal.nothing_to_change()));
        return Ok((Exit::Nothing, false));
    }
    for part in &found.parts {
        let Some(document) = part.document() else { continue };
        let size = Size::of(document, part.policy_type());
        if !size.is_within_limit() {
            messages.warn(&format!(
                "{}: expected at most {} characters, found {}",
                part.name(),
                size.limit,
                size.bytes
            ));
            return Ok((Exit::Gate, false));
        }
    }
    Ok((Exit::Done, true))
}

/// Says that Control Tower notices.
fn warn_of_drift(part: &Part, messages: &Messages) {
    let Part::Changed { policy, .. } = part else { return };
    if let Some(why) = managed_by_control_tower(policy) {
        messages.warn(&format!(
            "{} is a document of Control Tower ({why}): to edit it is drift, which Control Tower reports, and takes \
             back when the landing zone is repaired or updated; `policy generate control-tower` needs no edit",
            policy.name
        ));
    }
}

fn deliver(
    files: &[FormFile],
    common: &GenerateCommonArgs,
    form: Form,
    messages: &Messages,
) -> Result<(), Failure> {
    let Some(folder) = &common.output else {
        return match files {
            [file] => Ok(print(&file.text)?),
            _ => Err(Failure::usage(format!(
                "--form {} is {} files: expected --output DIR",
                form.as_str(),
                files.len()
            ))),
        };
    };
    for file in files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(parent)
            .with_context(|| format!("could not create {}", parent.display()))?;
        std::fs::write(&path, &file.text)
            .with_context(|| format!("could not write {}", path.display()))?;
        messages.note(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// What could not be written: mostly because of the options.
fn failure(error: GenerateError) -> Failure {
    match error {
        GenerateError::Goal(message) => Failure::Usage(message),
        GenerateError::Call(error) => Failure::usage(error.to_string()),
        GenerateError::Problem(problem) => {
            Failure::Failed(anyhow::Error::new(problem).context("what was written is no policy"))
        }
    }
}

/// Where policies go.
fn deployment(common: &GenerateCommonArgs, places: &Places, goal: &dyn Goal) -> Deployment {
    let control_target = match common.target.first() {
        Some(target) if target.starts_with("arn:") => Some(target.clone()),
        Some(target) => places.unit_arn(node_id(target)),
        None => None,
    };
    Deployment {
        name: common.name.clone(),
        description: goal.sentence(),
        targets: common.target.clone(),
        home_region: common.home_region.clone(),
        control_target,
        control: None,
        enabled_control: None,
    }
}

impl From<FormArgument> for Form {
    fn from(form: FormArgument) -> Self {
        match form {
            FormArgument::Json => Form::Json,
            FormArgument::Cfct => Form::Cfct,
            FormArgument::Lza => Form::Lza,
            FormArgument::Terraform => Form::Terraform,
            FormArgument::CloudFormation => Form::CloudFormation,
            FormArgument::Cli => Form::Cli,
        }
    }
}
