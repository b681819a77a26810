//! Credentials from every origin that needs no AWS: keys, a profile, an assumed role, an instance.
//!
//! The SDK's default chain reads the process's own environment, so tests of it run this test program
//! once more as a child with the variables set.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use aws_credential_types::provider::ProvideCredentials;
use digesterd_process::credentials::{credentials, verify};
use digesterd_process::environment::{AwsSettings, RoleSettings, Secret, StaticKeys};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Tells the child that it is one.
const CHILD: &str = "DIGESTERD_TEST_CHILD";

fn static_keys() -> AwsSettings {
    AwsSettings {
        static_keys: Some(StaticKeys {
            access_key_id: "AKIDSTATIC".to_owned(),
            secret_access_key: Secret::new("hush"),
            session_token: Some(Secret::new("token")),
        }),
        ..AwsSettings::default()
    }
}

async fn key_id(aws: &AwsSettings, role: Option<&RoleSettings>) -> String {
    let provider = credentials(aws, Some("us-west-2"), role).await;
    verify(&provider, aws, role).await.unwrap();
    let found = provider.provide_credentials().await.unwrap();
    found.access_key_id().to_owned()
}

/// A server that answers every request by `answer(request)` and keeps the requests.
async fn serve(answer: fn(&str) -> String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            let mut buffer = [0; 8192];
            while !complete(&request) {
                let read = stream.read(&mut buffer).await.unwrap();
                request.push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
            let body = answer(&request);
            kept.lock().unwrap().push(request);
            let (head, body) = body.split_once("\n\n").unwrap();
            let length = body.len();
            let response =
                format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    });
    (address, seen)
}

fn complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length:")
            .map(str::to_owned)
    });
    length.is_none_or(|length| body.len() >= length.trim().parse::<usize>().unwrap())
}

#[tokio::test]
async fn keys_given_directly_are_used() {
    assert_eq!(key_id(&static_keys(), None).await, "AKIDSTATIC");
}

#[tokio::test]
async fn a_profile_is_found_by_file_and_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("credentials");
    let text = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = hush\n\
                [other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = hush\n\
                [process]\ncredential_process = /bin/echo '{\"Version\":1,\"AccessKeyId\":\"AKIDPROCESS\",\"SecretAccessKey\":\"hush\"}'\n";
    std::fs::write(&file, text).unwrap();
    let named = |name: Option<&str>| AwsSettings {
        credentials_file: Some(file.clone()),
        profile: name.map(str::to_owned),
        ..AwsSettings::default()
    };
    assert_eq!(key_id(&named(None), None).await, "AKIDDEFAULT");
    assert_eq!(key_id(&named(Some("other")), None).await, "AKIDOTHER");
    assert_eq!(key_id(&named(Some("process")), None).await, "AKIDPROCESS");
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_told_by_their_variables() {
    let aws = AwsSettings {
        credentials_file: Some(PathBuf::from("/nowhere/credentials")),
        profile: Some("absent".to_owned()),
        ..AwsSettings::default()
    };
    let provider = credentials(&aws, None, None).await;
    let message = verify(&provider, &aws, None).await.unwrap_err().to_string();
    assert!(message.contains("AWS_CREDENTIALS_FILE"), "{message}");
    assert!(message.contains("AWS_CREDENTIALS_PROFILE"), "{message}");
}

#[tokio::test]
async fn a_role_is_assumed_at_the_configured_endpoint_with_its_external_id() {
    let (endpoint, seen) = serve(|_| {
        "200 OK\r\ncontent-type: text/xml\n\n<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>i:s</AssumedRoleId></AssumedRoleUser>\
         </AssumeRoleResult></AssumeRoleResponse>"
            .to_owned()
    })
    .await;
    let aws = AwsSettings {
        sts_endpoint: Some(endpoint.parse().unwrap()),
        ..static_keys()
    };
    let role = RoleSettings {
        arn: "arn:aws:iam::1:role/r".to_owned(),
        external_id: Some(Secret::new("ext-7")),
    };
    assert_eq!(key_id(&aws, Some(&role)).await, "AKIDROLE");
    let request = seen.lock().unwrap()[0].clone();
    assert!(request.contains("Action=AssumeRole"), "{request}");
    assert!(request.contains("ExternalId=ext-7"), "{request}");
    assert!(request.contains("Credential=AKIDSTATIC/"), "{request}");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_told_with_its_name() {
    let (endpoint, _) = serve(|_| {
        "403 Forbidden\r\ncontent-type: text/xml\n\n<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
         <Message>not you</Message></Error></ErrorResponse>"
            .to_owned()
    })
    .await;
    let aws = AwsSettings {
        sts_endpoint: Some(endpoint.parse().unwrap()),
        ..static_keys()
    };
    let role = RoleSettings {
        arn: "arn:aws:iam::1:role/r".to_owned(),
        external_id: None,
    };
    let provider = credentials(&aws, None, Some(&role)).await;
    let message = verify(&provider, &aws, Some(&role))
        .await
        .unwrap_err()
        .to_string();
    for part in ["arn:aws:iam::1:role/r", "not you", "AWS_ACCESS_KEY_ID"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(!message.contains("hush"), "{message}");
}

/// Run as a child only: prints the key id that the default chain finds.
#[tokio::test]
async fn child_of_the_default_chain() {
    let aws = AwsSettings {
        use_iam: true,
        ..AwsSettings::default()
    };
    if std::env::var_os(CHILD).is_some() {
        let provider = credentials(&aws, Some("us-west-2"), None).await;
        match provider.provide_credentials().await {
            Ok(found) => println!("found {}", found.access_key_id()),
            Err(error) => println!("error {error}"),
        }
        println!(
            "verified {:?}",
            verify(&provider, &aws, None).await.map_err(|e| e.to_string())
        );
    }
}

/// What the default chain finds in an environment of these variables alone.
async fn default_chain(variables: Vec<(&'static str, String)>) -> String {
    let home = tempfile::tempdir().unwrap();
    let home_path = home.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_of_the_default_chain", "--nocapture"])
            .env_clear()
            .env("HOME", home_path)
            .env(CHILD, "1")
            .envs(variables)
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn with_iam_keys_in_the_environment_come_first() {
    let found = default_chain(vec![
        ("AWS_ACCESS_KEY_ID", "AKIDENV".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "hush".to_owned()),
    ])
    .await;
    assert!(found.contains("found AKIDENV"), "{found}");
}

#[tokio::test]
async fn with_iam_an_instance_is_asked_by_imdsv2_only() {
    let (endpoint, seen) = serve(|request| {
        let with_token = request.to_lowercase().contains("x-aws-ec2-metadata-token: the-token");
        if request.starts_with("PUT /latest/api/token") {
            "200 OK\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\n\nthe-token".to_owned()
        } else if !with_token {
            "401 Unauthorized\r\nx: y\n\n".to_owned()
        } else if request.contains("/iam/security-credentials-extended/") || request.contains("/iam/security-credentials/the-role") || request.contains("/iam/security-credentials/ ") {
            if request.contains("-extended/") {
                return "404 Not Found\r\nx: y\n\n".to_owned();
            }
            if request.contains("/the-role") {
                return "200 OK\r\nx: y\n\n{\"Code\":\"Success\",\"LastUpdated\":\"2024-01-01T00:00:00Z\",\"Type\":\"AWS-HMAC\",\
                        \"AccessKeyId\":\"AKIDINSTANCE\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
                    .to_owned();
            }
            "200 OK\r\nx: y\n\nthe-role".to_owned()
        } else {
            "404 Not Found\r\nx: y\n\n".to_owned()
        }
    })
    .await;
    let found = default_chain(vec![("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)]).await;
    assert!(found.contains("found AKIDINSTANCE"), "{found} {seen:?}");
}

#[tokio::test]
async fn with_iam_and_nothing_to_find_the_error_says_where_to_look() {
    let found = default_chain(vec![
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        (
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "http://127.0.0.1:1".to_owned(),
        ),
    ])
    .await;
    assert!(
        found.contains("USE_IAM=true") && found.contains("AWS_ROLE_ARN"),
        "{found}"
    );
}
