//! Names as CloudTrail spells them, for formats whose columns and members are spelled in small letters.

/// The fields of a record that a table may have as columns.
pub(super) const COLUMNS: &[Column] = &[
    Column { name: "eventID", kind: Kind::Required },
    Column { name: "eventTime", kind: Kind::Time },
    Column { name: "eventSource", kind: Kind::Required },
    Column { name: "eventName", kind: Kind::Required },
    Column { name: "userIdentity", kind: Kind::Nested },
    Column { name: "awsRegion", kind: Kind::Text },
    Column { name: "sourceIPAddress", kind: Kind::Text },
    Column { name: "userAgent", kind: Kind::Text },
    Column { name: "errorCode", kind: Kind::Text },
    Column { name: "errorMessage", kind: Kind::Text },
    Column { name: "requestParameters", kind: Kind::Nested },
    Column { name: "additionalEventData", kind: Kind::Nested },
    Column { name: "requestID", kind: Kind::Text },
    Column { name: "recipientAccountId", kind: Kind::Text },
    Column { name: "vpcEndpointId", kind: Kind::Text },
    Column { name: "responseElements", kind: Kind::NestedOptional },
    Column { name: "addendum", kind: Kind::NestedOptional },
    Column { name: "tlsDetails", kind: Kind::NestedOptional },
    Column { name: "eventVersion", kind: Kind::Optional },
    Column { name: "eventType", kind: Kind::Optional },
    Column { name: "eventCategory", kind: Kind::Optional },
    Column { name: "readOnly", kind: Kind::Optional },
    Column { name: "managementEvent", kind: Kind::Optional },
    Column { name: "sharedEventID", kind: Kind::Optional },
    Column { name: "vpcEndpointAccountId", kind: Kind::Optional },
    Column { name: "sessionCredentialFromConsole", kind: Kind::Optional },
];

/// A field of a record as a column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds, and what it means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text, without which there is no call.
    Required,
    /// A time, without which there is no call.
    Time,
    /// A text. Without it something of the calls is null.
    Text,
    /// An object. Without it something of the calls is null.
    Nested,
    /// A text that most calls have none of, or that little is read of.
    Optional,
    /// An object of that kind.
    NestedOptional,
}

impl Kind {
    pub(super) fn is_required(self) -> bool {
        matches!(self, Kind::Required | Kind::Time)
    }

    pub(super) fn is_nested(self) -> bool {
        matches!(self, Kind::Nested | Kind::NestedOptional)
    }

    pub(super) fn is_optional(self) -> bool {
        matches!(self, Kind::Optional | Kind::NestedOptional)
    }
}

/// The column of a name, in any case: SQL does not care, and prints what was asked for.
pub(super) fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}

/// The members of nested elements whose names have capital letters: the schemas of CloudTrail Lake and of
/// Athena's table have them in small letters (CloudTrail user guide, "Supported SQL schemas").
const MEMBERS: &[&str] = &[
    "accessKeyId",
    "accountId",
    "cipherSuite",
    "clientProvidedHostHeader",
    "creationDate",
    "credentialId",
    "ec2IssuedInVpc",
    "ec2RoleDelivery",
    "federatedProvider",
    "identityProvider",
    "identityStoreArn",
    "inScopeOf",
    "invokedBy",
    "mfaAuthenticated",
    "onBehalfOf",
    "originalEventID",
    "principalId",
    "sessionContext",
    "sessionIssuer",
    "sourceIdentity",
    "tlsVersion",
    "updatedFields",
    "userId",
    "userName",
    "webIdFederationData",
];

/// The name of a member as CloudTrail spells it. One that is spelled with capital letters stays as it is.
pub(super) fn original_name(name: &str) -> &str {
    let is_small = name.bytes().all(|byte| !byte.is_ascii_uppercase());
    let known = MEMBERS.iter().find(|known| is_small && known.eq_ignore_ascii_case(name));
    known.copied().unwrap_or(name)
}
