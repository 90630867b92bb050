//! The documents of both upstreams: whoever asks something else is found out, and the look-alike of Vonage is one by its document.

use std::panic::{AssertUnwindSafe, catch_unwind};

use edgebind_simulator::smsgate::{self, Smsgate};
use edgebind_simulator::vonage::{Config, Dashboard, Fate, Manner, Vonage};
use edgebind_tests::catcher::Catcher;
use edgebind_tests::openapi::{Documents, Inspect, Inspected};
use edgebind_tests::wait::PATIENCE;
use serde_json::{Value, json};

const MESSAGE: &str = "api_key=a1b2c3d4&api_secret=simulated-secret&from=ACME&to=447700900000&text=Hi";

async fn vonage() -> Inspected<Vonage> {
    Inspected::new(Vonage::start(Config::default()).await.unwrap())
}

async fn send(upstream: &Vonage, form: String) -> Value {
    let request = reqwest::Client::new()
        .post(format!("{}/sms/json", upstream.base_url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// Whether the inspection finds something, as it has to when there are documents.
fn is_found_out<U: Inspect>(upstream: Inspected<U>) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(upstream))).is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_field_that_vonage_does_not_have_is_found_out() {
    let has_documents = Documents::of_environment().is_some();
    for (more, is_wrong) in [
        ("&ttl=20000&type=unicode&status-report-req=false&client-ref=17", false),
        ("&client_ref=17", true),
        ("&ttl=19999", true),
        ("&message-class=4", true),
    ] {
        let upstream = vonage().await;
        send(&upstream, format!("{MESSAGE}{more}")).await;
        assert_eq!(is_found_out(upstream), is_wrong && has_documents, "{more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_field_that_smsgate_does_not_have_is_found_out() {
    let has_documents = Documents::of_environment().is_some();
    for (body, is_wrong) in [
        (
            json!({ "textMessage": { "text": "Hi" }, "phoneNumbers": ["+447700900123"], "priority": 5 }),
            false,
        ),
        (
            json!({ "textMessage": { "txt": "Hi" }, "phoneNumbers": ["+447700900123"] }),
            true,
        ),
        (
            json!({ "textMessage": { "text": "Hi" }, "phoneNumber": "+447700900123" }),
            true,
        ),
    ] {
        let upstream = Inspected::new(Smsgate::start(smsgate::Config::default()).await.unwrap());
        let account = &upstream.accounts()[0];
        let request = reqwest::Client::new()
            .post(format!("{}/messages", upstream.base_url()))
            .basic_auth(&account.login, Some(&account.password))
            .header("Content-Type", "application/json")
            .body(body.to_string());
        request.send().await.unwrap();
        assert_eq!(is_found_out(upstream), is_wrong && has_documents, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_look_alike_answers_and_calls_as_the_document_of_vonage_says() {
    let catcher = Catcher::start().await;
    let upstream = Vonage::start(Config {
        fates: vec![("0001".into(), Fate::Refused(6))],
        ..Config::default()
    });
    let upstream = Inspected::new(upstream.await.unwrap());
    let url = Some(format!("{}/vonage", catcher.url()));
    upstream.set_dashboard(
        "a1b2c3d4",
        Dashboard {
            receipts_url: url.clone(),
            inbound_url: url,
            manner: Manner::Json,
            is_signed: false,
        },
    );
    let taken = send(&upstream, format!("{MESSAGE}&client-ref=17")).await;
    assert_eq!(taken["messages"][0]["status"], "0");
    let refused = send(&upstream, MESSAGE.replace("900000", "900001")).await;
    assert_eq!(refused["messages"][0]["status"], "6");
    upstream.incoming("a1b2c3d4", "447700900123", "447700900999", &"Hello ".repeat(40));
    let attempts = upstream
        .wait_for_attempts(|attempts| attempts.len() == 3, PATIENCE)
        .await
        .unwrap();
    let mut told: Vec<(&str, Value)> = attempts
        .iter()
        .map(|attempt| {
            let kind = match attempt.parameters.contains_key("status") {
                true => "DeliveryReceipt",
                false => "InboundMessage",
            };
            (kind, json!(attempt.parameters))
        })
        .collect();
    assert_eq!(told.iter().filter(|(kind, _)| *kind == "InboundMessage").count(), 2);
    told.extend([("SMS", taken), ("Error", refused)]);
    if let Some(documents) = Documents::of_environment() {
        for (schema, value) in told {
            assert_eq!(
                documents.vonage().departures(schema, &value),
                Ok(Vec::new()),
                "{schema} {value}"
            );
        }
    }
}
