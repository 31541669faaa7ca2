//! One organization, written in every form that is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policy::intake::own::OwnOrganization;
use policy::intake::{
    FileProblem, Folder, FromFiles, aws_cli, cfct, cloudformation, iam_collect, lza, terraform,
};
use policy::{Organization, Policy};
use serde_json::{Map, Value, json};

use crate::world::{FULL_ACCESS, scp};

pub(crate) const ROOT: &str = "r-ab12";
pub(crate) const MANAGEMENT: &str = "999988887777";
const SCP: &str = "SERVICE_CONTROL_POLICY";
const FULL_ARN: &str = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";

/// An organization. Every node has `FullAWSAccess`, and some of the policies by their places.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) policies: Vec<String>,
    pub(crate) of_root: Vec<usize>,
    pub(crate) units: Vec<Unit>,
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// The unit that it is in, which is before it; `None` is the root.
    pub(crate) parent: Option<usize>,
    pub(crate) policies: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) unit: Option<usize>,
    pub(crate) policies: Vec<usize>,
}

pub(crate) fn unit_id(unit: usize) -> String {
    format!("ou-ab12-{unit:08}")
}

pub(crate) fn account_id(account: usize) -> String {
    format!("1111222233{account:02}")
}

fn policy_id(policy: usize) -> String {
    format!("p-Policy{policy:04}")
}

fn parent_id(unit: Option<usize>) -> String {
    unit.map_or(ROOT.to_owned(), unit_id)
}

/// Reads the files of a folder.
pub(crate) fn in_folder<T>(
    files: &BTreeMap<String, String>,
    of: impl FnOnce(&Folder<'_>) -> T,
) -> T {
    let names = files.keys().cloned().collect::<BTreeSet<_>>();
    let text = |name: &str| files.get(name).cloned().ok_or_else(|| format!("no {name}"));
    of(&Folder { names: &names, text: &text })
}

impl World {
    /// The names of a unit and of those that it is in.
    pub(crate) fn path(&self, unit: usize, delimiter: &str) -> String {
        let above = self.units[unit].parent.map(|it| self.path(it, delimiter) + delimiter);
        format!("{}Unit{unit}", above.unwrap_or_default())
    }

    /// Nodes with what they are below, the places of their policies, and a name; the root first.
    fn nodes(&self) -> Vec<(String, Option<String>, &[usize], String)> {
        let mut nodes = vec![(ROOT.to_owned(), None, self.of_root.as_slice(), "Root".to_owned())];
        for (place, Unit { parent, policies }) in self.units.iter().enumerate() {
            let (id, parent) = (unit_id(place), Some(parent_id(*parent)));
            nodes.push((id, parent, policies, format!("Unit{place}")));
        }
        for (place, Account { unit, policies }) in self.accounts.iter().enumerate() {
            let (id, parent) = (account_id(place), Some(parent_id(*unit)));
            nodes.push((id, parent, policies, format!("Account{place}")));
        }
        nodes.push((MANAGEMENT.to_owned(), Some(ROOT.to_owned()), &[], "Management".to_owned()));
        nodes
    }

    pub(crate) fn as_own(&self) -> Organization {
        let mut policies: BTreeMap<String, Arc<Policy>> = self
            .policies
            .iter()
            .enumerate()
            .map(|(place, text)| (policy_id(place), scp(&policy_id(place), text)))
            .collect();
        policies.insert("full".to_owned(), scp("full", FULL_ACCESS));
        let node = |(id, parent, of_node, _): &(String, Option<String>, &[usize], String)| {
            let names = of_node.iter().map(|place| policy_id(*place));
            let names = std::iter::once("full".to_owned()).chain(names).collect::<Vec<_>>();
            json!({"id": id, "parent": parent, "policies": names})
        };
        let nodes = self.nodes();
        let (accounts, nodes) = nodes.iter().partition::<Vec<_>, _>(|node| node.0.len() == 12);
        let own = json!({
            "organization_id": "o-exampleorg", "management_account": MANAGEMENT,
            "nodes": nodes.into_iter().map(node).collect::<Vec<_>>(),
            "accounts": accounts.into_iter().map(node).collect::<Vec<_>>(),
        });
        OwnOrganization::read(&own.to_string()).unwrap().with_policies(&policies).unwrap()
    }

    pub(crate) fn as_cli_outputs(&self) -> Vec<(String, String)> {
        let summary = |id: &str| json!({"Id": id, "Name": id, "Type": SCP, "AwsManaged": false});
        let full = summary("p-FullAWSAccess");
        let mut files = vec![
            (
                "organization.json".to_owned(),
                json!({"Organization": {"Id": "o-exampleorg", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL"}}),
            ),
            (
                "roots.json".to_owned(),
                json!({"Roots": [{"Id": ROOT, "Name": "Root", "PolicyTypes": [{"Type": SCP, "Status": "ENABLED"}]}]}),
            ),
            (
                "full.json".to_owned(),
                json!({"Policy": {"PolicySummary": full, "Content": FULL_ACCESS}}),
            ),
        ];
        for (place, text) in self.policies.iter().enumerate() {
            let policy =
                json!({"Policy": {"PolicySummary": summary(&policy_id(place)), "Content": text}});
            files.push((format!("policy-{place}.json"), policy));
        }
        let nodes = self.nodes();
        for (id, _, policies, _) in &nodes {
            let policies = policies.iter().map(|place| summary(&policy_id(*place)));
            let policies = std::iter::once(full.clone()).chain(policies).collect::<Vec<_>>();
            files.push((
                format!("list-policies-for-target-{id}.json"),
                json!({"Policies": policies}),
            ));
            if id.len() == 12 {
                continue;
            }
            for (is_account, member) in [(true, "Accounts"), (false, "OrganizationalUnits")] {
                let is_child = |node: &&(String, Option<String>, &[usize], String)| {
                    node.1.as_ref() == Some(id) && (node.0.len() == 12) == is_account
                };
                let children = nodes.iter().filter(is_child);
                let children =
                    children.map(|(id, _, _, name)| json!({"Id": id, "Name": name})).collect();
                let list =
                    Value::Object(Map::from_iter([(member.to_owned(), Value::Array(children))]));
                files.push((format!("{member}-of-{id}.json"), list));
            }
        }
        files.into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    pub(crate) fn as_iam_collect(&self) -> BTreeMap<String, String> {
        let base = "data/aws/aws/organizations/o-exampleorg";
        let arn = |place: &usize| {
            let id = policy_id(*place);
            format!(
                "arn:aws:organizations::{MANAGEMENT}:policy/o-exampleorg/service_control_policy/{id}"
            )
        };
        let (mut ous, mut accounts) = (Map::new(), Map::new());
        for (id, parent, policies, _) in self.nodes() {
            let scps = std::iter::once(FULL_ARN.to_owned()).chain(policies.iter().map(arn));
            let scps = scps.collect::<Vec<_>>();
            if id.len() == 12 {
                accounts.insert(id, json!({"ou": parent, "scps": scps, "rcps": []}));
                continue;
            }
            let mut node = json!({"scps": scps, "rcps": [], "s3Policies": []});
            if let Some(parent) = parent {
                node["parent"] = json!(parent);
            }
            ous.insert(id, node);
        }
        let metadata = json!({"id": "o-exampleorg", "rootOu": ROOT, "rootAccountId": MANAGEMENT, "features": {SCP: true}});
        let mut files = BTreeMap::from([
            (format!("{base}/metadata.json"), metadata.to_string()),
            (format!("{base}/ous.json"), Value::Object(ous).to_string()),
            (format!("{base}/accounts.json"), Value::Object(accounts).to_string()),
            (format!("{base}/scps/p-fullawsaccess/policy.json"), FULL_ACCESS.to_owned()),
        ]);
        for (place, text) in self.policies.iter().enumerate() {
            let id = policy_id(place);
            let folder = format!("{base}/scps/{}", id.to_lowercase());
            files.insert(format!("{folder}/policy.json"), text.clone());
            files.insert(format!("{folder}/metadata.json"), json!({"name": id}).to_string());
        }
        files
    }

    pub(crate) fn as_lza(&self) -> BTreeMap<String, String> {
        let units = (0..self.units.len()).rev().map(|it| json!({"name": self.path(it, "/")}));
        let ids = (0..self.units.len()).map(|it| {
            json!({"name": self.path(it, "/"), "id": unit_id(it), "arn": format!("arn:aws:organizations::{MANAGEMENT}:ou/o-exampleorg/{}", unit_id(it))})
        });
        let root = json!({"name": "Root", "id": ROOT, "arn": format!("arn:aws:organizations::{MANAGEMENT}:root/o-exampleorg/{ROOT}")});
        let policies = self.policies.iter().enumerate().map(|(place, _)| {
            let has = |policies: &[usize]| policies.contains(&place);
            let mut of_units = (0..self.units.len())
                .filter(|it| has(&self.units[*it].policies))
                .map(|it| self.path(it, "/"))
                .collect::<Vec<_>>();
            if has(&self.of_root) {
                of_units.push("Root".to_owned());
            }
            let accounts = (0..self.accounts.len()).filter(|it| has(&self.accounts[*it].policies));
            let accounts = accounts.map(|it| format!("Account{it}")).collect::<Vec<_>>();
            json!({
                "name": policy_id(place), "description": "x", "type": "customerManaged",
                "policy": format!("service-control-policies/{place}.json"),
                "deploymentTargets": {"organizationalUnits": of_units, "accounts": accounts},
            })
        });
        let organization = json!({
            "enable": true,
            "organizationalUnits": units.collect::<Vec<_>>(),
            "organizationalUnitIds": std::iter::once(root).chain(ids).collect::<Vec<_>>(),
            "serviceControlPolicies": policies.collect::<Vec<_>>(),
        });
        let email = |name: &str| format!("{name}@example.com");
        let mut workload = Vec::new();
        let mut numbers = vec![json!({"email": email("Management"), "accountId": MANAGEMENT})];
        for (place, account) in self.accounts.iter().enumerate() {
            let name = format!("Account{place}");
            let unit = account.unit.map_or("Root".to_owned(), |unit| self.path(unit, "/"));
            workload.push(json!({"name": name, "email": email(&name), "organizationalUnit": unit}));
            numbers.push(json!({"email": email(&name), "accountId": account_id(place)}));
        }
        let mandatory = json!([{"name": "Management", "email": email("Management"), "organizationalUnit": "Root"}]);
        let accounts = json!({"mandatoryAccounts": mandatory, "workloadAccounts": workload, "accountIds": numbers});
        let mut files = BTreeMap::from([
            (lza::ORGANIZATION.to_owned(), organization.to_string()),
            ("accounts-config.yaml".to_owned(), accounts.to_string()),
        ]);
        for (place, text) in self.policies.iter().enumerate() {
            files.insert(format!("service-control-policies/{place}.json"), text.clone());
        }
        files
    }

    /// A package has no policies of accounts.
    pub(crate) fn as_cfct(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut resources = Vec::new();
        for (place, text) in self.policies.iter().enumerate() {
            let has = |policies: &[usize]| policies.contains(&place);
            let mut units = (0..self.units.len())
                .filter(|it| has(&self.units[*it].policies))
                .map(|it| self.path(it, ":"))
                .collect::<Vec<_>>();
            if has(&self.of_root) {
                units.push("Root".to_owned());
            }
            resources.push(json!({
                "name": policy_id(place), "resource_file": format!("policies/{place}.json"), "deploy_method": "scp",
                "deployment_targets": {"organizational_units": units},
            }));
            files.insert(format!("policies/{place}.json"), text.clone());
        }
        // Units without policies are named by a policy that changes nothing.
        let all = (0..self.units.len()).map(|it| self.path(it, ":")).collect::<Vec<_>>();
        let harmless = json!({
            "name": "harmless", "resource_file": "policies/harmless.json", "deploy_method": "scp",
            "deployment_targets": {"organizational_units": all},
        });
        resources.push(harmless);
        files.insert("policies/harmless.json".to_owned(), FULL_ACCESS.to_owned());
        let manifest =
            json!({"region": "us-east-1", "version": "2021-03-15", "resources": resources});
        files.insert(cfct::MANIFEST.to_owned(), manifest.to_string());
        files
    }

    /// The resources of a state, each with what it refers to: of a plan, nothing has an ID yet.
    fn terraform_resources(&self, is_new: bool) -> (Vec<Value>, Vec<Value>) {
        let (mut resources, mut configured) = (Vec::new(), Vec::new());
        let mut add = |kind: &str,
                       name: String,
                       mut values: Value,
                       references: Vec<(&str, String, String)>,
                       id: &str| {
            let address = format!("aws_organizations_{kind}.{name}");
            let mut expressions = json!({});
            for (argument, reference, known) in references {
                if is_new && !reference.is_empty() {
                    let unit = reference.trim_end_matches(".id").trim_end_matches(".roots[0]");
                    expressions[argument] = json!({"references": [reference, unit]});
                } else {
                    values[argument] = json!(known);
                }
            }
            if !id.is_empty() && (!is_new || id.len() == 12) {
                values["id"] = json!(id);
            }
            configured.push(json!({"address": address, "mode": "managed", "type": format!("aws_organizations_{kind}"), "name": name, "expressions": expressions}));
            resources.push(json!({"address": address, "mode": "managed", "type": format!("aws_organizations_{kind}"), "name": name, "values": values}));
        };
        let root = "aws_organizations_organization.this.roots[0].id".to_owned();
        let unit_reference = |unit: Option<usize>| match unit {
            Some(unit) => format!("aws_organizations_organizational_unit.u{unit}.id"),
            None => root.clone(),
        };
        let organization = json!({"id": "o-exampleorg", "master_account_id": MANAGEMENT, "feature_set": "ALL",
            "enabled_policy_types": [SCP], "roots": [{"id": ROOT, "name": "Root"}]});
        add("organization", "this".to_owned(), organization, vec![], "o-exampleorg");
        for (place, text) in self.policies.iter().enumerate() {
            let values = json!({"name": policy_id(place), "content": text, "type": SCP});
            add("policy", format!("p{place}"), values, vec![], &policy_id(place));
        }
        let mut attachments = Vec::new();
        let mut attach = |name: &str, target: String, reference: String, policies: &[usize]| {
            for policy in policies {
                attachments.push((
                    format!("{name}_{policy}"),
                    vec![
                        (
                            "policy_id",
                            format!("aws_organizations_policy.p{policy}.id"),
                            policy_id(*policy),
                        ),
                        ("target_id", reference.clone(), target.clone()),
                    ],
                ));
            }
        };
        attach("root", ROOT.to_owned(), root.clone(), &self.of_root);
        for (place, unit) in self.units.iter().enumerate() {
            let parent = ("parent_id", unit_reference(unit.parent), parent_id(unit.parent));
            let values = json!({"name": format!("Unit{place}")});
            add("organizational_unit", format!("u{place}"), values, vec![parent], &unit_id(place));
            attach(
                &format!("u{place}"),
                unit_id(place),
                unit_reference(Some(place)),
                &unit.policies,
            );
        }
        for (place, account) in self.accounts.iter().enumerate() {
            let parent = ("parent_id", unit_reference(account.unit), parent_id(account.unit));
            let values = json!({"name": format!("Account{place}")});
            add("account", format!("a{place}"), values, vec![parent], &account_id(place));
            attach(&format!("a{place}"), account_id(place), String::new(), &account.policies);
        }
        for (name, references) in attachments {
            add("policy_attachment", name, json!({}), references, "");
        }
        (resources, configured)
    }

    pub(crate) fn as_terraform_state(&self) -> String {
        let (resources, _) = self.terraform_resources(false);
        let module =
            json!({"child_modules": [{"address": "module.organization", "resources": resources}]});
        json!({"format_version": "1.0", "terraform_version": "1.9.5", "values": {"root_module": module}})
            .to_string()
    }

    /// Nothing of it is there yet: IDs are in the configuration only.
    pub(crate) fn as_terraform_plan(&self) -> String {
        let (mut resources, configured) = self.terraform_resources(true);
        for resource in &mut resources {
            let name = resource["address"].as_str().unwrap().to_owned();
            resource["address"] = json!(format!("module.organization.{name}"));
        }
        let module =
            json!({"child_modules": [{"address": "module.organization", "resources": resources}]});
        let calls = json!({"module_calls": {"organization": {"source": "./organization", "module": {"resources": configured}}}});
        json!({
            "format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": module},
            "configuration": {"root_module": calls},
        })
        .to_string()
    }

    /// The units are resources of the template, too; accounts are in `TargetIds` only.
    pub(crate) fn as_cloudformation(&self) -> Value {
        let root = json!({"Fn::GetAtt": ["Organization", "RootId"]});
        let node = |unit: Option<usize>| match unit {
            Some(unit) => json!({"Ref": format!("Unit{unit}")}),
            None => root.clone(),
        };
        let mut resources = Map::new();
        let organization = json!({"Type": "AWS::Organizations::Organization", "Properties": {"FeatureSet": "ALL"}});
        resources.insert("Organization".to_owned(), organization);
        for (place, unit) in self.units.iter().enumerate() {
            let name = format!("Unit{place}");
            let unit = json!({"Type": "AWS::Organizations::OrganizationalUnit",
                "Properties": {"Name": name, "ParentId": node(unit.parent)}});
            resources.insert(name, unit);
        }
        for (place, text) in self.policies.iter().enumerate() {
            let has = |policies: &[usize]| policies.contains(&place);
            let units = (0..self.units.len()).filter(|it| has(&self.units[*it].policies));
            let mut targets = units.map(|it| node(Some(it))).collect::<Vec<_>>();
            targets.extend(has(&self.of_root).then(|| root.clone()));
            let accounts = (0..self.accounts.len()).filter(|it| has(&self.accounts[*it].policies));
            targets.extend(accounts.map(|it| json!(account_id(it))));
            // Every second one is text.
            let content = if place % 2 == 0 {
                serde_json::from_str::<Value>(text).unwrap()
            } else {
                json!(text)
            };
            let policy = json!({"Type": "AWS::Organizations::Policy", "Properties": {
                "Name": policy_id(place), "Type": SCP, "Content": content, "TargetIds": targets}});
            resources.insert(format!("Policy{place}"), policy);
        }
        json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    }

    /// A template that names the IDs of units, and says nothing of what they are below.
    pub(crate) fn as_flat_cloudformation(&self) -> Value {
        let mut template = self.as_cloudformation();
        let resources = template["Resources"].as_object_mut().unwrap();
        resources.retain(|_, resource| resource["Type"] == "AWS::Organizations::Policy");
        for resource in resources.values_mut() {
            for target in resource["Properties"]["TargetIds"].as_array_mut().unwrap() {
                let unit = target["Ref"].as_str().map(|name| name["Unit".len()..].parse().unwrap());
                if target.is_object() {
                    *target = json!(unit.map_or(ROOT.to_owned(), unit_id));
                }
            }
        }
        template
    }

    /// All forms that say where accounts are.
    pub(crate) fn in_forms(&self) -> Vec<(&'static str, Result<FromFiles, FileProblem>)> {
        let own = FromFiles { organization: self.as_own(), other_policies: vec![], notes: vec![] };
        vec![
            ("own", Ok(own)),
            ("aws_cli", aws_cli::read(&self.as_cli_outputs())),
            ("iam_collect", in_folder(&self.as_iam_collect(), iam_collect::read)),
            ("lza", in_folder(&self.as_lza(), |folder| lza::read(folder, ""))),
            ("terraform_state", terraform::read("state.json", &self.as_terraform_state())),
            ("terraform_plan", terraform::read("plan.json", &self.as_terraform_plan())),
        ]
    }

    /// The forms that know units, but not where accounts are, with what a unit is called there.
    pub(crate) fn in_forms_without_accounts(
        &self,
        unit: Option<usize>,
    ) -> Vec<(&'static str, Result<FromFiles, FileProblem>, String)> {
        let template = self.as_cloudformation();
        let name = |delimiter| unit.map_or("Root".to_owned(), |unit| self.path(unit, delimiter));
        let logical = || unit.map_or("Root".to_owned(), |unit| format!("Unit{unit}"));
        let yaml = format!("---\n{template:#}");
        vec![
            ("cfct", in_folder(&self.as_cfct(), |folder| cfct::read(folder, "")), name(":")),
            (
                "cloudformation",
                cloudformation::read("template.json", &template.to_string()),
                logical(),
            ),
            ("cloudformation_yaml", cloudformation::read("template.yaml", &yaml), logical()),
        ]
    }
}
