//! The records' texts, with gaps (`$NAME`, see `record.rs`). Shapes follow the examples in AWS's
//! documentation; every name is invented.

/// A Bedrock call.
pub(super) const CALL: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"bedrock.amazonaws.com","eventName":"$EVENTNAME","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",$ERROR"requestParameters":$REQUEST,
"responseElements":null,$ADDITIONAL"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
$ENDPOINT"eventCategory":"Management"$CONNECTION}"#;

/// Other services' events, with how often they come.
pub(super) const OTHERS: &[(usize, &str)] = &[
    (3, STS),
    (8, KMS),
    (6, S3),
    (6, EC2_DESCRIBE),
    (1, EC2_RUN),
    (5, DYNAMODB),
    (8, LAMBDA),
    (2, SSM),
    (4, IAM),
    (6, LOGS),
    (3, ECS),
];

const STS: &str = r#"
{"eventVersion":"1.08","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"roleArn":"arn:aws:iam::$ACCOUNT:role/$APP-role",
"roleSessionName":"$APP-$HEX16","durationSeconds":3600,
"tags":[{"key":"team","value":"$APP"},{"key":"environment","value":"production"}]},
"responseElements":{"credentials":{"accessKeyId":"ASIA$UPPER16",
"sessionToken":"IQoJb3JpZ2luX2VjE$BASE120","expiration":"$TIME"},
"assumedRoleUser":{"assumedRoleId":"AROA$UPPER17:$APP",
"arn":"arn:aws:sts::$ACCOUNT:assumed-role/$APP-role/$APP"}},
"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"resources":[{"accountId":"$ACCOUNT","type":"AWS::IAM::Role",
"ARN":"arn:aws:iam::$ACCOUNT:role/$APP-role"}],
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"sharedEventID":"$UUID","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"sts.$REGION.amazonaws.com"}}"#;

const KMS: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"encryptionAlgorithm":"SYMMETRIC_DEFAULT",
"keyId":"arn:aws:kms:$REGION:$ACCOUNT:key/1f6ee1a1-0c58-4d66-9f22-3b5a6d0f7c11",
"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::example-data-$APP/year=2026/month=10/part-$HEX16.parquet",
"aws:dynamodb:tableName":"$APP","aws:dynamodb:subscriberId":"$ACCOUNT"}},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"resources":[{"accountId":"$ACCOUNT","type":"AWS::KMS::Key",
"ARN":"arn:aws:kms:$REGION:$ACCOUNT:key/1f6ee1a1-0c58-4d66-9f22-3b5a6d0f7c11"}],
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management",
"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_256_GCM_SHA384",
"clientProvidedHostHeader":"kms.$REGION.amazonaws.com"}}"#;

const S3: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"[$AGENT]",
"requestParameters":{"bucketName":"example-data-$APP","X-Amz-Date":"20261001T000000Z",
"Host":"example-data.s3.$REGION.amazonaws.com","x-amz-checksum-mode":"ENABLED",
"key":"year=2026/month=10/day=01/$APP/part-$NUMBER-$HEX16.parquet"},
"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4",
"CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"SSE_KMS",
"AuthenticationMethod":"AuthHeader","x-amz-id-2":"$BASE76","bytesTransferredOut":$NUMBER},
"requestID":"$UPPER16","eventID":"$UUID","readOnly":true,
"resources":[{"type":"AWS::S3::Object",
"ARN":"arn:aws:s3:::example-data-$APP/year=2026/month=10/day=01/$APP/part"},
{"accountId":"$ACCOUNT","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::example-data-$APP"}],
"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256",
"clientProvidedHostHeader":"example-data.s3.$REGION.amazonaws.com"}}"#;

const EC2_DESCRIBE: &str = r#"
{"eventVersion":"1.10","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"maxResults":1000,"instancesSet":{"items":[{"instanceId":"i-0$HEX16"},
{"instanceId":"i-0$HEX16"}]},"filterSet":{"items":[{"name":"instance-state-name",
"valueSet":{"items":[{"value":"pending"},{"value":"running"},{"value":"stopping"},{"value":"stopped"}]}},
{"name":"tag:Name","valueSet":{"items":[{"value":"$APP"},{"value":"$APP-$REGION"}]}},
{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-0a1b2c3d4e5f60718"}]}}]}},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.$REGION.amazonaws.com"}}"#;

const EC2_RUN: &str = r#"
{"eventVersion":"1.10","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"instancesSet":{"items":[{"imageId":"ami-0$HEX16","minCount":1,"maxCount":1}]},
"instanceType":"m7g.xlarge","blockDeviceMapping":{"items":[{"deviceName":"/dev/xvda",
"ebs":{"volumeSize":100,"deleteOnTermination":true,"volumeType":"gp3","encrypted":true}}]},
"monitoring":{"enabled":true},"disableApiTermination":false,"clientToken":"fleet-$UUID-0",
"networkInterfaceSet":{"items":[{"deviceIndex":0,"subnetId":"subnet-0c91f2a7b4e8d6035"}]},
"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[
{"key":"Name","value":"$APP"},{"key":"aws:autoscaling:groupName","value":"$APP-$REGION-asg"},
{"key":"kubernetes.io/cluster/example","value":"owned"}]}]}},
"responseElements":{"requestId":"$UUID","reservationId":"r-0$HEX16","ownerId":"$ACCOUNT",
"groupSet":{},"requesterId":"940372691376","instancesSet":{"items":[{"instanceId":"i-0$HEX16",
"imageId":"ami-0$HEX16","bootMode":"uefi-preferred","currentInstanceBootMode":"uefi",
"instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-12-34.$REGION.compute.internal",
"amiLaunchIndex":0,"productCodes":{},"instanceType":"m7g.xlarge","launchTime":1759300000000,
"placement":{"availabilityZone":"$REGIONa","tenancy":"default"},"monitoring":{"state":"pending"},
"subnetId":"subnet-0c91f2a7b4e8d6035","vpcId":"vpc-0a1b2c3d4e5f60718",
"privateIpAddress":"10.0.12.34","stateReason":{"code":"pending","message":"pending"},
"architecture":"arm64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda",
"blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","tagSet":{"items":[
{"key":"Name","value":"$APP"},{"key":"aws:autoscaling:groupName","value":"$APP-$REGION-asg"}]},
"groupSet":{"items":[{"groupId":"sg-0$HEX16","groupName":"$APP"}]},"sourceDestCheck":true,
"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-0$HEX16","macAddress":"0a:58:a9:fe:ac:02",
"status":"in-use","attachment":{"attachmentId":"eni-attach-0$HEX16","deviceIndex":0,
"status":"attaching","deleteOnTermination":true}}]},"ebsOptimized":true,"enaSupport":true,
"cpuOptions":{"coreCount":4,"threadsPerCore":1},"metadataOptions":{"state":"pending",
"httpTokens":"required","httpPutResponseHopLimit":2,"httpEndpoint":"enabled"}}]}},
"requestID":"$UUID","eventID":"$UUID","readOnly":false,"eventType":"AwsApiCall",
"managementEvent":true,"recipientAccountId":"$ACCOUNT","eventCategory":"Management",
"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",
"clientProvidedHostHeader":"ec2.$REGION.amazonaws.com"}}"#;

const DYNAMODB: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"dynamodb.amazonaws.com","eventName":"GetItem","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"tableName":"$APP","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS"},
"projectionExpression":"pk, sk, :s, updated_at","consistentRead":false,
"expressionAttributeNames":{":s":"status"}},"responseElements":null,
"requestID":"$UPPER32$UPPER20","eventID":"$UUID","readOnly":true,
"resources":[{"accountId":"$ACCOUNT","type":"AWS::DynamoDB::Table",
"ARN":"arn:aws:dynamodb:$REGION:$ACCOUNT:table/$APP"}],"eventType":"AwsApiCall",
"apiVersion":"2012-08-10","managementEvent":false,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"dynamodb.$REGION.amazonaws.com"}}"#;

const LAMBDA: &str = r#"
{"eventVersion":"1.09","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"lambda.amazonaws.com","eventName":"GetFunction20150331v2","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"functionName":"arn:aws:lambda:$REGION:$ACCOUNT:function:$APP"},
"responseElements":null,"additionalEventData":{"functionVersion":
"arn:aws:lambda:$REGION:$ACCOUNT:function:$APP:LATEST"},
"requestID":"$UUID","eventID":"$UUID","readOnly":true,"eventType":"AwsApiCall",
"managementEvent":true,"recipientAccountId":"$ACCOUNT","eventCategory":"Management",
"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",
"clientProvidedHostHeader":"lambda.$REGION.amazonaws.com"}}"#;

const SSM: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"ssm.amazonaws.com","eventName":"GetParametersByPath","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT","errorCode":"AccessDenied",
"errorMessage":"User: arn:aws:sts::$ACCOUNT:assumed-role/$APP-role/$APP is not authorized to perform: ssm:GetParametersByPath on resource: arn:aws:ssm:$REGION:$ACCOUNT:parameter/$APP/config because no identity-based policy allows the ssm:GetParametersByPath action",
"requestParameters":{"path":"/$APP/config","recursive":true,"withDecryption":true,
"maxResults":10,"nextToken":"AAEAA$BASE76"},"responseElements":null,
"requestID":"$UUID","eventID":"$UUID","readOnly":true,"eventType":"AwsApiCall",
"managementEvent":true,"recipientAccountId":"$ACCOUNT","eventCategory":"Management",
"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",
"clientProvidedHostHeader":"ssm.$REGION.amazonaws.com"}}"#;

const IAM: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"iam.amazonaws.com","eventName":"PutRolePolicy","awsRegion":"us-east-1",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"roleName":"$APP-role","policyName":"$APP-$HEX8",
"policyDocument":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\"s3:GetObject\", \"s3:ListBucket\", \"kms:Decrypt\", \"dynamodb:*\"],\n      \"Resource\": [\"arn:aws:s3:::example-data-$APP\", \"arn:aws:s3:::example-data-$APP/*\"],\n      \"Condition\": {\"StringEquals\": {\"aws:RequestedRegion\": \"$REGION\"}}\n    }\n  ]\n}"},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":false,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"iam.amazonaws.com"}}"#;

const LOGS: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"logs.amazonaws.com","eventName":"CreateLogStream","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT",
"requestParameters":{"logStreamName":"2026/10/01/[$NUMBER]$HEX32",
"logGroupName":"/aws/lambda/$APP"},"responseElements":null,
"requestID":"$UUID","eventID":"$UUID","readOnly":false,"eventType":"AwsApiCall",
"apiVersion":"20140328","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",
"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"logs.$REGION.amazonaws.com"}}"#;

const ECS: &str = r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"ecs.amazonaws.com","eventName":"SubmitTaskStateChange","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"Amazon ECS Agent - v1.97.1 (d1f0c2a8) (+http://aws.amazon.com/ecs/)",
"requestParameters":{"cluster":"arn:aws:ecs:$REGION:$ACCOUNT:cluster/example",
"task":"arn:aws:ecs:$REGION:$ACCOUNT:task/example/$HEX32","status":"RUNNING",
"containers":[{"containerName":"$APP","runtimeId":"$HEX32-$NUMBER","status":"RUNNING",
"imageDigest":"sha256:$HEX64","networkBindings":[]}],"pullStartedAt":"$TIME",
"pullStoppedAt":"$TIME"},"responseElements":{"acknowledgment":"HIDDEN_DUE_TO_SECURITY_REASONS"},
"requestID":"$UUID","eventID":"$UUID","readOnly":false,"eventType":"AwsApiCall",
"managementEvent":true,"recipientAccountId":"$ACCOUNT","eventCategory":"Management",
"tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256",
"clientProvidedHostHeader":"ecs-a-1.$REGION.amazonaws.com"}}"#;

/// Records that are no calls and that a reader in a hurry takes for some: the word stands in
/// policies, in escaped JSON, in nested copies, in the names of services and of keys.
pub(super) const TRAPS: &[&str] = &[
    r#"
{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA$UPPER17:$APP",
"arn":"arn:aws:sts::$ACCOUNT:assumed-role/$APP/$APP","accountId":"$ACCOUNT",
"invokedBy":"bedrock.amazonaws.com"},"eventTime":"$TIME","eventSource":"kms.amazonaws.com",
"eventName":"GenerateDataKey","awsRegion":"$REGION","sourceIPAddress":"bedrock.amazonaws.com",
"userAgent":"bedrock.amazonaws.com","requestParameters":{"keySpec":"AES_256"},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"iam.amazonaws.com","eventName":"CreatePolicyVersion","awsRegion":"us-east-1",
"sourceIPAddress":"$IP","userAgent":"$AGENT","requestParameters":{"policyDocument":
"{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"bedrock:InvokeModel\",\"Resource\":\"*\"}]},{\"eventVersion\":\"1.11\",\"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"InvokeModel\"}"},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":false,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"events.amazonaws.com","eventName":"PutEvents","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT","errorCode":"ValidationException",
"errorMessage":"bad detail: }]},{\"eventVersion\":\"1.11\",\"eventSource\":\"bedrock.amazonaws.com\"",
"requestParameters":{"entries":[{"detail":{"eventVersion":"1.11",
"eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"$REGION",
"eventID":"$UUID","requestParameters":{"modelId":"us.anthropic.claude-sonnet-4-6"}}}]},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":false,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT","requestParameters":{"bucketName":"$APP",
"key":"bedrock.amazonaws.com/\"InvokeModel\"/$HEX16\\.json"},"responseElements":null,
"requestID":"$UPPER16","eventID":"$UUID","readOnly":false,"eventType":"AwsApiCall",
"managementEvent":false,"recipientAccountId":"$ACCOUNT","eventCategory":"Data"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"sagemaker.amazonaws.com","eventName":"InvokeModel","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT","requestParameters":{"modelId":"us.bedrock-lookalike"},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":false,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"bedrock.amazonaws.com","eventName":"ListInferenceProfiles","awsRegion":"$REGION",
"sourceIPAddress":"$IP","userAgent":"$AGENT","requestParameters":{"maxResults":100},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":true,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
    r#"
{"eventVersion":"1.11","userIdentity":$IDENTITY,"eventTime":"$TIME",
"eventSource":"organizations.amazonaws.com","eventName":"CreatePolicy","awsRegion":"us-east-1",
"sourceIPAddress":"$IP","userAgent":"$AGENT","requestParameters":{"content":
"{\"Action\":[\"bedrock:*\"],\"Description\":\"a \u003c b \u0026 c, caf\u00e9\"}"},
"responseElements":null,"requestID":"$UUID","eventID":"$UUID","readOnly":false,
"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$ACCOUNT",
"eventCategory":"Management"}"#,
];
