//! The main job with Debian's Kannel as the ESME: bearerbox binds, smsbox takes messages and reports over HTTP.

use edgebind_tests::catcher::{Catcher, Caught};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::kannel::{Kannel, Sms};
use edgebind_tests::wait::{self, PATIENCE};

use crate::world::{OWN_NUMBER, World};

/// Kannel's own numbering of reports (its user guide, `dlr-mask`).
const DELIVERED: &str = "1";
const FAILED: &str = "2";
const TAKEN_BY_SMSC: &str = "8";

#[tokio::test(flavor = "multi_thread")]
async fn kannel_converses() {
    let world = World::start(&Config::default()).await;
    let catcher = Catcher::start().await;
    let kannel = Kannel::bind(world.edgebind.smpp(), SYSTEM_ID, PASSWORD, &catcher).await;
    world.attached().await;

    let long = "Kannel cuts this message into parts of its own, {three} of them. ".repeat(6);
    let messages = [
        Sms {
            tag: "short",
            from: "ACME",
            to: "+447700900100",
            text: "Hi @ {€} Ñ",
            coding: 0,
        },
        Sms {
            tag: "unicode",
            from: "12345",
            to: "+447700900100",
            text: "Привет, 世界",
            coding: 2,
        },
        Sms {
            tag: "long",
            from: "ACME",
            to: "00447700900100",
            text: &long,
            coding: 0,
        },
    ];
    for sms in &messages {
        kannel.send(sms, &catcher).await;
        let taken = report(&catcher, sms.tag, TAKEN_BY_SMSC).await;
        let delivered = report(&catcher, sms.tag, DELIVERED).await;
        assert_eq!(
            taken.text("id"),
            delivered.text("id"),
            "Kannel matched the receipt by the id of the submit_sm_resp"
        );
        let posts = world.upstream.calls().into_iter().filter_map(|call| call.submission);
        let posts: Vec<_> = posts.filter(|post| post.text() == Some(sms.text)).collect();
        assert_eq!(posts.len(), 1, "POSTs of {}", sms.tag);
        assert_eq!(posts[0].phone_numbers, ["+447700900100"]);
    }

    kannel
        .send(
            &Sms {
                tag: "failing",
                from: "ACME",
                to: "+447700900101",
                text: "no luck",
                coding: 0,
            },
            &catcher,
        )
        .await;
    report(&catcher, "failing", FAILED).await;

    for (text, coding) in [("Answer: 5 € @ home", "0"), ("Ответ 世界", "2")] {
        world.upstream.incoming(UPSTREAM.0, "+447700900200", OWN_NUMBER, text);
        let what = format!("the incoming message {text:?}");
        let caught = catcher
            .wait_for(&what, |caught| caught.path == "/incoming" && caught.text("coding") == coding)
            .await;
        assert_eq!(decoded(&caught), text);
        assert_eq!(caught.text("from"), "+447700900200");
        assert_eq!(caught.text("to"), "+447700900999");
    }

    kannel.unbind().await;
    wait::until("the bind to end", PATIENCE, async || {
        world.home.log().contains("end=CloseReason::Unbound").then_some(())
    })
    .await;
}

async fn report(catcher: &Catcher, tag: &str, kind: &str) -> Caught {
    let what = format!("report {kind} of {tag}");
    catcher
        .wait_for(&what, |caught| {
            caught.path == "/report" && caught.text("tag") == tag && caught.text("type") == kind
        })
        .await
}

/// Kannel escapes the octets of UCS-2 as they lie.
fn decoded(caught: &Caught) -> String {
    if caught.text("coding") == "2" {
        let units = caught
            .octets("text")
            .chunks(2)
            .map(|unit| u16::from_be_bytes(unit.try_into().unwrap()));
        return String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
    }
    caught.text("text")
}
