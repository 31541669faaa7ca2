//! What rows of the table say of condition keys.

use std::collections::BTreeSet;

use policy::{KeyState, LoggedRequest};
use proptest::prelude::*;

use crate::world::state;

const ROLE: &str = "arn:aws:iam::111122223333:role/team/App";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/App/i-0abc";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const USER: &str = "arn:aws:iam::111122223333:user/people/ada";

/// A call of a role's session over the internet.
const OF_ROLE: LoggedRequest<'_> = LoggedRequest {
    iam_principal_arn: Some(ROLE),
    principal_arn: Some(SESSION),
    principal_type: Some("AssumedRole"),
    principal_account_id: Some("111122223333"),
    principal_id: Some("AROAEXAMPLE"),
    is_temporary_credential: Some(true),
    mfa_authenticated: None,
    invoked_by: None,
    source_identity: None,
    federated_provider: None,
    vpc_endpoint_id: None,
    vpc_endpoint_account_id: None,
    source_ip: Some("203.0.113.9"),
    user_agent: Some("Boto3/1.40"),
    service_tier: None,
    has_new_columns: true,
};

/// A call with an access key of a user.
const OF_USER: LoggedRequest<'_> = LoggedRequest {
    iam_principal_arn: Some(USER),
    principal_arn: Some(USER),
    principal_type: Some("IAMUser"),
    principal_id: Some("AIDAEXAMPLE"),
    is_temporary_credential: Some(false),
    ..OF_ROLE
};

fn of(request: &LoggedRequest<'_>, key: &str) -> Option<KeyState> {
    let states = request.states(&mut [key].into_iter());
    states.into_iter().next().map(|(named, state)| {
        assert_eq!(named, key);
        state
    })
}

/// Checks states: in short as [`state`] reads them, `""` for keys that nothing is said of.
#[track_caller]
fn check(request: &LoggedRequest<'_>, expected: &[(&str, &str)]) {
    for (key, short) in expected {
        let expected = (!short.is_empty()).then(|| state(short));
        assert_eq!(of(request, key), expected, "{key}");
        assert_eq!(of(request, &key.to_uppercase()), expected, "{key} in upper case");
    }
}

#[test]
fn session_of_a_role_has_the_arn_of_the_role_with_its_path() {
    check(
        &OF_ROLE,
        &[
            ("aws:PrincipalArn", ROLE),
            ("aws:PrincipalAccount", "111122223333"),
            ("aws:PrincipalType", "AssumedRole"),
            ("aws:username", "-"),
            ("aws:userid", "AROAEXAMPLE:i-0abc"),
            ("aws:PrincipalIsAWSService", "false"),
            ("aws:SourceArn", "-"),
            ("aws:ViaAWSService", "false"),
            ("aws:CalledVia", "-"),
            ("aws:SourceIp", "203.0.113.9"),
            ("aws:SourceVpce", "-"),
            ("aws:VpceAccount", "-"),
            ("aws:UserAgent", "Boto3/1.40"),
            // A federated session has no such key, others have `false`.
            ("aws:MultiFactorAuthPresent", ""),
            ("aws:MultiFactorAuthAge", ""),
            ("aws:TokenIssueTime", "!"),
            ("aws:SourceIdentity", "-"),
            // CloudTrail may know a provider and not say so.
            ("aws:FederatedProvider", "?"),
            ("aws:PrincipalTag/team", ""),
            ("bedrock:ServiceTier", ""),
            ("aws:SignInSessionArn", ""),
        ],
    );
    let without_session = LoggedRequest { principal_arn: None, ..OF_ROLE };
    let like = KeyState::Like(vec!["AROAEXAMPLE:*".to_owned()]);
    assert_eq!(of(&without_session, "aws:userid"), Some(like));
    assert_eq!(without_session.principal().unwrap().arn, ROLE);
}

#[test]
fn long_term_key_lacks_what_only_sessions_have() {
    check(
        &OF_USER,
        &[
            ("aws:PrincipalArn", USER),
            ("aws:PrincipalType", "User"),
            ("aws:username", "ada"),
            ("aws:userid", "AIDAEXAMPLE"),
            ("aws:MultiFactorAuthPresent", "-"),
            ("aws:MultiFactorAuthAge", "-"),
            ("aws:TokenIssueTime", "-"),
            ("aws:SourceIdentity", "-"),
            ("aws:FederatedProvider", "-"),
        ],
    );
    let session = LoggedRequest {
        is_temporary_credential: Some(true),
        mfa_authenticated: Some(false),
        ..OF_USER
    };
    check(
        &session,
        &[
            ("aws:MultiFactorAuthPresent", "false"),
            ("aws:MultiFactorAuthAge", ""),
            ("aws:TokenIssueTime", "!"),
        ],
    );
    let with_mfa = LoggedRequest { mfa_authenticated: Some(true), ..session };
    check(&with_mfa, &[("aws:MultiFactorAuthPresent", "true"), ("aws:MultiFactorAuthAge", "!")]);
}

#[test]
fn root_and_federated_users_are_themselves() {
    let of_root = LoggedRequest {
        iam_principal_arn: Some(ROOT),
        principal_arn: Some(ROOT),
        principal_type: Some("Root"),
        principal_id: Some("111122223333"),
        ..OF_USER
    };
    check(
        &of_root,
        &[
            ("aws:PrincipalArn", ROOT),
            ("aws:PrincipalType", "Account"),
            ("aws:username", "-"),
            ("aws:userid", "111122223333"),
        ],
    );
    let federated = "arn:aws:sts::111122223333:federated-user/bob";
    let of_federated = LoggedRequest {
        iam_principal_arn: Some(federated),
        principal_arn: Some(federated),
        principal_type: Some("FederatedUser"),
        principal_id: Some("111122223333"),
        ..OF_ROLE
    };
    check(
        &of_federated,
        &[
            ("aws:PrincipalArn", federated),
            ("aws:PrincipalType", "FederatedUser"),
            ("aws:username", "-"),
            ("aws:userid", "111122223333:bob"),
            ("aws:TokenIssueTime", "!"),
        ],
    );
}

#[test]
fn request_through_an_endpoint_has_no_address() {
    let through = LoggedRequest {
        vpc_endpoint_id: Some("vpce-1"),
        vpc_endpoint_account_id: Some("444455556666"),
        source_ip: Some("10.1.2.3"),
        ..OF_ROLE
    };
    check(
        &through,
        &[
            ("aws:SourceIp", "-"),
            ("aws:SourceVpce", "vpce-1"),
            ("aws:SourceVpc", "?"),
            ("aws:VpceAccount", "?"),
            ("aws:ViaAWSService", "false"),
        ],
    );
    // An address of no use on the internet: the record lacks the endpoint.
    let unnamed = LoggedRequest { source_ip: Some("10.1.2.3"), ..OF_ROLE };
    check(&unnamed, &[("aws:SourceIp", ""), ("aws:SourceVpce", "?"), ("aws:SourceVpc", "?")]);
    // The address was left out of the tables.
    let omitted = LoggedRequest { source_ip: None, ..OF_ROLE };
    check(&omitted, &[("aws:SourceIp", ""), ("aws:SourceVpce", "-"), ("aws:CalledVia", "-")]);
    let sixth = LoggedRequest { source_ip: Some("2001:DB8::1"), ..OF_ROLE };
    check(&sixth, &[("aws:SourceIp", "2001:db8::1")]);
}

#[test]
fn service_calls_with_its_callers_credentials_or_with_a_role_of_its_own() {
    let service = Some("athena.amazonaws.com");
    let by_service = |request: LoggedRequest<'static>| LoggedRequest {
        invoked_by: service,
        source_ip: service,
        user_agent: service,
        ..request
    };
    let unknown = [
        ("aws:CalledVia", "?"),
        ("aws:SourceIp", ""),
        ("aws:SourceVpce", "?"),
        ("aws:SourceVpc", "?"),
        ("aws:UserAgent", ""),
    ];
    check(&by_service(OF_ROLE), &unknown);
    check(&by_service(OF_ROLE), &[("aws:ViaAWSService", "!")]);
    check(&by_service(OF_USER), &unknown);
    check(&by_service(OF_USER), &[("aws:ViaAWSService", "true")]);
    let role =
        "arn:aws:iam::111122223333:role/aws-service-role/athena.amazonaws.com/AWSServiceRoleForX";
    let linked = LoggedRequest { iam_principal_arn: Some(role), ..by_service(OF_ROLE) };
    check(&linked, &[("aws:ViaAWSService", "false"), ("aws:CalledVia", "-"), ("aws:SourceIp", "")]);
    let internal = LoggedRequest { source_ip: Some("AWS Internal"), ..OF_ROLE };
    check(&internal, &[("aws:ViaAWSService", "!"), ("aws:CalledVia", "?"), ("aws:SourceIp", "")]);
}

#[test]
fn caller_that_is_no_iam_principal_is_not_taken_for_one() {
    for kind in [Some("AWSService"), Some("IdentityCenterUser"), Some("Unknown"), None] {
        let request = LoggedRequest {
            iam_principal_arn: None,
            principal_arn: None,
            principal_type: kind,
            is_temporary_credential: None,
            ..OF_ROLE
        };
        check(
            &request,
            &[
                ("aws:PrincipalArn", ""),
                ("aws:PrincipalAccount", "?"),
                ("aws:PrincipalType", "?"),
                ("aws:username", "?"),
                ("aws:userid", ""),
                ("aws:PrincipalIsAWSService", "?"),
                ("aws:PrincipalServiceName", "?"),
                ("aws:SourceAccount", "?"),
                ("aws:SourceIdentity", "?"),
            ],
        );
        let account = LoggedRequest { principal_type: Some("AWSAccount"), ..request };
        check(&account, &[("aws:PrincipalAccount", "111122223333")]);
    }
}

#[test]
fn identity_and_provider_of_a_session_are_known_where_logged() {
    let eks = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1";
    for (provider, expected) in [
        (eks, eks),
        ("cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com"),
        ("accounts.google.com", "!"),
    ] {
        let request = LoggedRequest {
            source_identity: Some("ada"),
            federated_provider: Some(provider),
            ..OF_ROLE
        };
        check(&request, &[("aws:SourceIdentity", "ada"), ("aws:FederatedProvider", expected)]);
    }
    let long = "x".repeat(1_000);
    check(&LoggedRequest { user_agent: Some(&long), ..OF_ROLE }, &[("aws:UserAgent", "")]);
}

/// Without the columns of the caller, what they would say is not known.
fn older(request: LoggedRequest<'_>) -> LoggedRequest<'_> {
    LoggedRequest {
        iam_principal_arn: None,
        principal_account_id: None,
        principal_id: None,
        is_temporary_credential: None,
        mfa_authenticated: None,
        invoked_by: None,
        source_identity: None,
        federated_provider: None,
        vpc_endpoint_account_id: None,
        has_new_columns: false,
        ..request
    }
}

#[test]
fn older_table_leaves_keys_unknown_not_absent() {
    let like = ["arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:role/*/App"];
    let like = KeyState::Like(like.map(str::to_owned).to_vec());
    assert_eq!(of(&older(OF_ROLE), "aws:PrincipalArn"), Some(like));
    for request in [older(OF_ROLE), older(OF_USER)] {
        check(
            &request,
            &[
                ("aws:PrincipalAccount", "111122223333"),
                ("aws:userid", ""),
                ("aws:MultiFactorAuthPresent", ""),
                ("aws:TokenIssueTime", ""),
                ("aws:SourceIdentity", "?"),
                ("aws:FederatedProvider", "?"),
                ("aws:ViaAWSService", "!"),
                ("aws:CalledVia", "?"),
                ("aws:SourceIp", "203.0.113.9"),
            ],
        );
    }
    // A row of an invocation log has an ARN, and nothing of the connection.
    let of_log = LoggedRequest { source_ip: None, user_agent: None, ..older(OF_ROLE) };
    for request in [of_log, LoggedRequest { has_new_columns: true, ..of_log }] {
        check(
            &request,
            &[
                ("aws:SourceIp", ""),
                ("aws:SourceVpce", "?"),
                ("aws:SourceVpc", "?"),
                ("aws:ViaAWSService", "!"),
                ("aws:CalledVia", "?"),
                ("aws:SourceIdentity", "?"),
                ("aws:MultiFactorAuthPresent", ""),
            ],
        );
    }
}

/// Every key that any row says something of.
fn keys() -> BTreeSet<&'static str> {
    LoggedRequest::COLUMNS.iter().flat_map(|(_, keys)| *keys).copied().collect()
}

/// The row without one column.
fn without<'a>(column: &str, mut request: LoggedRequest<'a>) -> LoggedRequest<'a> {
    match column {
        "iam_principal_arn" => request.iam_principal_arn = None,
        "principal_arn" => request.principal_arn = None,
        "principal_type" => request.principal_type = None,
        "principal_account_id" => request.principal_account_id = None,
        "principal_id" => request.principal_id = None,
        "is_temporary_credential" => request.is_temporary_credential = None,
        "mfa_authenticated" => request.mfa_authenticated = None,
        "invoked_by" => request.invoked_by = None,
        "source_identity" => request.source_identity = None,
        "federated_provider" => request.federated_provider = None,
        "vpc_endpoint_id" => request.vpc_endpoint_id = None,
        "vpc_endpoint_account_id" => request.vpc_endpoint_account_id = None,
        "source_ip" => request.source_ip = None,
        "user_agent" => request.user_agent = None,
        _ => panic!("{column} is no column of a logged request"),
    }
    request
}

fn requests() -> impl Strategy<Value = LoggedRequest<'static>> {
    let one_of =
        |texts: &'static [&'static str]| proptest::option::of(proptest::sample::select(texts));
    let kinds =
        &["AssumedRole", "Role", "IAMUser", "Root", "FederatedUser", "AWSService", "AWSAccount"];
    let caller = (
        one_of(&[ROLE, USER, ROOT]),
        one_of(&[SESSION, USER, ROOT]),
        one_of(kinds),
        one_of(&["111122223333"]),
        one_of(&["AROAEXAMPLE", "AIDAEXAMPLE"]),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    );
    let request = (
        one_of(&["athena.amazonaws.com", "AWS Internal"]),
        one_of(&["ada"]),
        one_of(&["cognito-identity.amazonaws.com", "accounts.google.com"]),
        one_of(&["vpce-1"]),
        one_of(&["444455556666"]),
        one_of(&["203.0.113.9", "10.0.0.1"]),
        one_of(&["Boto3/1.40"]),
    );
    (caller, request).prop_map(|(caller, request)| LoggedRequest {
        iam_principal_arn: caller.0,
        principal_arn: caller.1,
        principal_type: caller.2,
        principal_account_id: caller.3,
        principal_id: caller.4,
        is_temporary_credential: caller.5,
        mfa_authenticated: caller.6,
        invoked_by: request.0,
        source_identity: request.1,
        federated_provider: request.2,
        vpc_endpoint_id: request.3,
        vpc_endpoint_account_id: request.3.and(request.4),
        // A record has the name of a service in place of its address.
        source_ip: request.0.or(request.5),
        user_agent: request.0.or(request.6),
        service_tier: None,
        has_new_columns: true,
    })
}

/// Whether a request in one state may turn out to be in another, if more is known.
fn may_be(open: Option<&KeyState>, known: Option<&KeyState>) -> bool {
    match (open, known) {
        (None | Some(KeyState::Unknown), _) => true,
        (Some(KeyState::Present), Some(known)) => {
            !matches!(known, KeyState::Absent | KeyState::Unknown)
        }
        (Some(KeyState::Like(like)), Some(KeyState::Values(values))) => {
            let name = values[0].rsplit('/').next().unwrap();
            like.iter().all(|text| text.ends_with(&format!("/{name}")))
        }
        (open, known) => open == known,
    }
}

proptest! {
    /// `COLUMNS` names every column that a state depends on.
    #[test]
    fn state_depends_on_the_columns_that_are_named_for_its_key(request in requests()) {
        for key in keys() {
            let expected = of(&request, key);
            for (column, keys) in LoggedRequest::COLUMNS {
                let found = of(&without(column, request), key);
                prop_assert!(keys.contains(&key) || found == expected, "{key} depends on {column}");
            }
        }
    }

    /// What an older table leaves unknown is never at odds with what a newer one says.
    #[test]
    fn less_is_said_of_an_older_table_and_nothing_else(request in requests()) {
        // The ARNs of a record do not contradict each other.
        let arns = (request.iam_principal_arn, request.principal_arn);
        let is_sound = match arns {
            (Some(of_iam), Some(logged)) => of_iam == logged || arns == (Some(ROLE), Some(SESSION)),
            (of_iam, None) => of_iam.is_none(),
            (None, Some(_)) => true,
        };
        if !is_sound {
            return Ok(());
        }
        for key in keys() {
            let (open, known) = (of(&older(request), key), of(&request, key));
            prop_assert!(may_be(open.as_ref(), known.as_ref()), "{key}: {open:?}, {known:?}");
        }
    }
}

#[test]
fn each_column_is_there_once_with_known_keys() {
    let columns = LoggedRequest::COLUMNS.iter().map(|(column, _)| *column);
    assert_eq!(columns.clone().collect::<BTreeSet<_>>().len(), columns.count());
    let known = include_str!("../../../../config/condition_keys.csv");
    for key in keys() {
        assert!(known.contains(&format!("\n{key},")), "{key}");
    }
}
