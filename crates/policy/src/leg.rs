//! From a call to its legs: everything that it is authorized for.
//!
//! A call through a profile needs the profile, the model in the source Region, and the model in every Region
//! that the profile may send it to, or the model without a Region for a global profile (Bedrock user guide,
//! "Geographic / Global cross-Region inference"). The condition key `bedrock:InferenceProfileArn` is on the
//! legs of the models only.

use bedrock::arn::Arn;
use bedrock::catalog::Destinations;
use bedrock::denial::UNSPECIFIED_REGION;
use bedrock::{Aliases, Catalog, ModelRef, Regions, TargetType};

use crate::known::KeyState;
use crate::operation::{self, Operation};

/// How many aliases may follow one another.
const MAX_ALIASES: usize = 4;

/// What a leg is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LegKind {
    /// The API key.
    BearerToken,
    /// The application inference profile.
    ApplicationProfile,
    /// The system-defined inference profile.
    Profile,
    /// The model in the source Region; also what is no foundation model and is called by its own ARN.
    SourceModel,
    /// The model in another Region.
    DestinationModel,
    /// The model without a Region, of a global profile.
    GlobalModel,
    /// The project of a call to the mantle endpoint.
    MantleProject,
}

/// Whether AWS asks for a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// AWS documents it.
    Required,
    /// It is not known; such a leg never makes a call denied.
    Possible,
}

/// One authorization of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// What it is about.
    pub kind: LegKind,
    /// Whether AWS asks for it.
    pub certainty: Certainty,
    /// The IAM action.
    pub action: &'static str,
    /// The resource: an ARN, or `*`.
    pub resource: String,
    /// The value of `aws:RequestedRegion`.
    pub requested_region: String,
    /// What is known of `bedrock:InferenceProfileArn`.
    pub inference_profile_arn: KeyState,
}

/// All legs of a call that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Legs {
    /// The required legs in the order in which AWS documents them, then the possible ones.
    pub legs: Vec<Leg>,
    /// Why there may be others, of which nothing is known.
    pub missing: Option<String>,
    /// The model that is called, without scope; `None` if it is not known.
    pub model: Option<String>,
}

/// A call, as its legs depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What is called.
    pub operation: &'static Operation,
    /// The model identifier.
    pub model_ref: &'a str,
    /// The source Region.
    pub region: &'a str,
    /// The account that calls.
    pub account: &'a str,
    /// Whether the call carries an API key; `None` if that is not known.
    pub has_api_key: Option<bool>,
}

/// What legs are derived from.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    /// Models, and profiles with their destinations.
    pub catalog: &'a Catalog,
    /// The Regions and their partitions.
    pub regions: &'a Regions,
    /// What application profiles denote.
    pub aliases: &'a Aliases,
}

/// A call that cannot be: an ARN in it is of another part of AWS than its Region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an ARN of the {what} {expected}, found one of {found}: `{arn}`")]
pub struct ImpossibleCall {
    /// What differs: the source Region, or the partition of the source Region.
    pub what: &'static str,
    /// That of the call.
    pub expected: String,
    /// That of the ARN.
    pub found: String,
    /// The ARN.
    pub arn: String,
}

impl LegKind {
    /// The value of the column `leg` of the table `denials`.
    pub fn as_str(self) -> &'static str {
        match self {
            LegKind::BearerToken => "bearer_token",
            LegKind::ApplicationProfile => "application_profile",
            LegKind::Profile => "profile",
            LegKind::SourceModel => "source_model",
            LegKind::DestinationModel => "destination_model",
            LegKind::GlobalModel => "global_model",
            LegKind::MantleProject => "mantle_project",
        }
    }
}

impl Certainty {
    /// `required` or `possible`.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Required => "required",
            Certainty::Possible => "possible",
        }
    }
}

impl Legs {
    /// The legs of a call.
    ///
    /// # Errors
    /// If the model identifier is an ARN of another Region or partition than the call's.
    pub fn of(call: Call<'_>, knowledge: Knowledge<'_>) -> Result<Self, ImpossibleCall> {
        let reference = knowledge.catalog.read(call.model_ref);
        let partition = partition(call.region, knowledge.regions);
        if let Some(arn) = Arn::parse(&reference.text) {
            check_partition(&reference.text, partition)?;
            if !arn.region.is_empty() && arn.region != call.region {
                let [expected, found, arn] =
                    [call.region, arn.region, &reference.text].map(str::to_owned);
                return Err(ImpossibleCall { what: "source Region", expected, found, arn });
            }
        }
        let partition = partition.to_owned();
        let mut builder = Builder { call, knowledge, partition, found: Legs::default() };
        builder.bearer_token();
        if call.operation.is_mantle() {
            builder.mantle_project(&reference);
        } else {
            builder.target(&reference);
            builder.possible_action();
        }
        if let Some(missing) = call.operation.missing {
            builder.miss(missing);
        }
        let mut found = builder.found;
        found.legs.sort_by_key(|leg| leg.certainty);
        Ok(found)
    }

    /// What is known of the legs of a refused call whose record does not say what was called: the one that was
    /// refused. `None` if that is not of a call.
    pub fn of_refusal(action: &str, resource: &str, region: &str) -> Option<Self> {
        let action = operation::action(action)?;
        let arn = Arn::parse(resource);
        let found = arn.as_ref().map(|arn| (arn.service, arn.resource_type()));
        let (kind, requested_region) = match (found, &arn) {
            (None, _) if resource == "*" => (LegKind::BearerToken, region),
            (Some(("bedrock", "inference-profile")), _) => (LegKind::Profile, region),
            (Some(("bedrock", "application-inference-profile")), _) => {
                (LegKind::ApplicationProfile, region)
            }
            (Some(("bedrock", "foundation-model")), Some(arn)) => match arn.region {
                "" => (LegKind::GlobalModel, UNSPECIFIED_REGION),
                of_model if of_model == region => (LegKind::SourceModel, region),
                of_model => (LegKind::DestinationModel, of_model),
            },
            (Some(("bedrock-mantle", "project")), _) => (LegKind::MantleProject, region),
            _ => return None,
        };
        let inference_profile_arn = match kind {
            // Only profiles send calls there.
            LegKind::DestinationModel | LegKind::GlobalModel => KeyState::Present,
            LegKind::SourceModel => KeyState::Unknown,
            _ => KeyState::Absent,
        };
        let is_model = arn.as_ref().filter(|arn| arn.resource_type() == "foundation-model");
        let model = is_model.map(|arn| arn.resource_id().to_owned());
        let leg = Leg {
            kind,
            certainty: Certainty::Required,
            action,
            resource: resource.to_owned(),
            requested_region: requested_region.to_owned(),
            inference_profile_arn,
        };
        let missing = Some("the record does not say what was called".to_owned());
        Some(Legs { legs: vec![leg], missing, model })
    }

    /// None, and why.
    pub fn unknown(why: &str) -> Self {
        Legs { missing: Some(why.to_owned()), ..Legs::default() }
    }
}

struct Builder<'a> {
    call: Call<'a>,
    knowledge: Knowledge<'a>,
    partition: String,
    found: Legs,
}

impl Builder<'_> {
    fn push(
        &mut self,
        kind: LegKind,
        certainty: Certainty,
        resource: String,
        region: &str,
        profile: KeyState,
    ) {
        self.found.legs.push(Leg {
            kind,
            certainty,
            action: self.call.operation.action,
            resource,
            requested_region: region.to_owned(),
            inference_profile_arn: profile,
        });
    }

    fn miss(&mut self, what: &str) {
        let missing = match self.found.missing.take() {
            Some(others) => format!("{others}; {what}"),
            None => what.to_owned(),
        };
        self.found.missing = Some(missing);
    }

    fn bearer_token(&mut self) {
        let Some(action) = self.call.operation.bearer_action else { return };
        let certainty = match self.call.has_api_key {
            Some(true) => Certainty::Required,
            Some(false) => return,
            None => Certainty::Possible,
        };
        self.found.legs.push(Leg {
            kind: LegKind::BearerToken,
            certainty,
            action,
            resource: "*".to_owned(),
            requested_region: self.call.region.to_owned(),
            inference_profile_arn: KeyState::Absent,
        });
    }

    fn mantle_project(&mut self, reference: &ModelRef) {
        let Call { region, account, .. } = self.call;
        let resource =
            format!("arn:{}:bedrock-mantle:{region}:{account}:project/default", self.partition);
        self.push(LegKind::MantleProject, Certainty::Required, resource, region, KeyState::Absent);
        self.found.model = reference.model.clone().or_else(|| Some(reference.text.clone()));
    }

    /// AWS's table lists a second action for some operations.
    fn possible_action(&mut self) {
        let Some(action) = self.call.operation.possible_action else { return };
        let of_models = self.found.legs.iter().filter(|leg| leg.kind != LegKind::BearerToken);
        let also =
            of_models.map(|leg| Leg { certainty: Certainty::Possible, action, ..leg.clone() });
        let also = also.collect::<Vec<_>>();
        self.found.legs.extend(also);
    }

    fn target(&mut self, reference: &ModelRef) {
        let region = self.call.region;
        let own_arn = || Arn::parse(&reference.text).map(|_| reference.text.clone());
        match reference.target_type {
            TargetType::FoundationModel => match &reference.model {
                Some(model) => self.models(model, &KeyState::Absent, None),
                None => self.miss("the model is not known"),
            },
            TargetType::GeoProfile | TargetType::GlobalProfile => self.system_profile(reference),
            TargetType::ApplicationProfile => self.application_profile(reference),
            TargetType::Provisioned | TargetType::CustomModel | TargetType::ImportedModel => {
                match own_arn() {
                    Some(arn) => {
                        let (kind, certainty) = (LegKind::SourceModel, Certainty::Required);
                        self.push(kind, certainty, arn, region, KeyState::Absent);
                    }
                    None => self
                        .miss("the ARN of what is called is not known: give it in place of its ID"),
                }
            }
            TargetType::PromptRouter | TargetType::Prompt | TargetType::MarketplaceEndpoint => {
                self.miss("what a prompt, a prompt router, or an endpoint is authorized for is not simulated");
            }
            TargetType::Unknown => {
                self.miss("the model identifier has no known form");
            }
        }
    }

    fn system_profile(&mut self, reference: &ModelRef) {
        let Some(id) = &reference.profile_id else { return self.miss("the profile is not known") };
        let arn = self.profile_arn(reference, id);
        let region = self.call.region;
        self.push(LegKind::Profile, Certainty::Required, arn.clone(), region, KeyState::Absent);
        match &reference.model {
            Some(model) => {
                self.models(model, &KeyState::value(arn), Some((id, reference.target_type)));
            }
            None => self.miss("the model of the profile is not known"),
        }
    }

    fn profile_arn(&self, reference: &ModelRef, id: &str) -> String {
        if Arn::parse(&reference.text).is_some() {
            return reference.text.clone();
        }
        let Call { region, account, .. } = self.call;
        format!("arn:{}:bedrock:{region}:{account}:inference-profile/{id}", self.partition)
    }

    /// The profile, the models below it, and, because it is contested whether AWS asks for it, the system
    /// profile below it.
    fn application_profile(&mut self, reference: &ModelRef) {
        let (region, arn) = (self.call.region, reference.text.clone());
        let profile = KeyState::value(arn.clone());
        self.push(LegKind::ApplicationProfile, Certainty::Required, arn, region, KeyState::Absent);
        let mut below = reference.clone();
        for _ in 0..MAX_ALIASES {
            let Some(model) = self.knowledge.aliases.get(&below.text).and_then(|alias| alias.model)
            else {
                break;
            };
            below = self.knowledge.catalog.read(&model);
            let Some(model) = &below.model else { continue };
            if let Some(id) =
                below.profile_id.as_ref().filter(|_| below.target_type.is_system_profile())
            {
                self.models(model, &profile, Some((id, below.target_type)));
                let arn = self.profile_arn(&below, id);
                self.push(LegKind::Profile, Certainty::Possible, arn, region, KeyState::Unknown);
            } else {
                self.models(model, &profile, None);
            }
            return;
        }
        self.miss(
            "what the application profile is of is not known: add an alias for it (--aliases FILE)",
        );
    }

    /// The model in the source Region, and wherever a profile may send the call.
    fn models(&mut self, model: &str, profile: &KeyState, below: Option<(&str, TargetType)>) {
        let region = self.call.region;
        self.found.model = Some(model.to_owned());
        let resource = self.model_arn(region, model);
        self.push(LegKind::SourceModel, Certainty::Required, resource, region, profile.clone());
        match below {
            None => {}
            Some((_, TargetType::GlobalProfile)) => {
                let resource = self.model_arn("", model);
                let (kind, certainty) = (LegKind::GlobalModel, Certainty::Required);
                self.push(kind, certainty, resource, UNSPECIFIED_REGION, profile.clone());
            }
            Some((id, _)) => {
                let (certainty, destinations) = self.destinations(id);
                for destination in destinations {
                    let resource = self.model_arn(&destination, model);
                    let kind = LegKind::DestinationModel;
                    self.push(kind, certainty, resource, &destination, profile.clone());
                }
            }
        }
    }

    fn model_arn(&self, region: &str, model: &str) -> String {
        format!("arn:{}:bedrock:{region}::foundation-model/{model}", self.partition)
    }

    /// The Regions that a profile may send calls to, without the source Region: every Region of the partition
    /// where AWS does not publish them, or does not say which of a growing set an account has.
    fn destinations(&self, profile: &str) -> (Certainty, Vec<String>) {
        let region = self.call.region;
        let known = self.knowledge.catalog.profile(profile).and_then(|it| it.get(region));
        let others = |codes: &[String]| {
            codes.iter().filter(|code| *code != region).cloned().collect::<Vec<_>>()
        };
        match known {
            Some(Destinations::Regions(codes)) => (Certainty::Required, others(codes)),
            Some(Destinations::AllCommercial | Destinations::NotPublished) | None => {
                let all = self.knowledge.regions.codes();
                let of_partition = |code: &&str| {
                    self.knowledge
                        .regions
                        .get(code)
                        .is_some_and(|it| it.partition == self.partition)
                };
                let all = all.filter(of_partition).map(str::to_owned).collect::<Vec<_>>();
                (Certainty::Possible, others(&all))
            }
        }
    }
}

/// The partition of a Region.
pub(crate) fn partition<'a>(region: &str, regions: &'a Regions) -> &'a str {
    const BY_REGION: [(&str, &str); 7] = [
        ("us-gov-", "aws-us-gov"),
        ("cn-", "aws-cn"),
        ("eusc-", "aws-eusc"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-iso-", "aws-iso"),
    ];
    let known = regions.get(region).map(|it| it.partition.as_str()).filter(|it| !it.is_empty());
    let by_head = || BY_REGION.iter().find(|(head, _)| region.starts_with(head)).map(|it| it.1);
    known.or_else(by_head).unwrap_or("aws")
}

/// Rejects an ARN of another partition.
pub(crate) fn check_partition(arn: &str, partition: &str) -> Result<(), ImpossibleCall> {
    match Arn::parse(arn).filter(|parsed| parsed.partition != partition) {
        None => Ok(()),
        Some(parsed) => {
            let [expected, found, arn] = [partition, parsed.partition, arn].map(str::to_owned);
            let what = "partition of the source Region,";
            Err(ImpossibleCall { what, expected, found, arn })
        }
    }
}
