//! As a translator: what came of it is why a message is tried again.

wit_bindgen::generate!({
    world: "edgebind:translator/translator",
    path: ["../../../wit/message", "../../../wit/translator"],
    generate_all,
});

use edgebind::message::types::Setting;
use edgebind::translator::types::{
    Conclusion, Context, Failure, Hearing, Operation, Outcome, Response, Retry, Step, WebhookRequest,
};
use exports::edgebind::translator::translation::Guest;

use crate::tried;

struct Probe;

export!(Probe);

impl Guest for Probe {
    fn check(settings: Vec<Setting>) -> Vec<String> {
        vec![tried(&settings)]
    }

    fn begin(context: Context, _: Operation) -> Step {
        said(tried(&context.settings))
    }

    fn resume(context: Context, _: Operation, _: Vec<u8>, _: Result<Response, Failure>) -> Step {
        said(tried(&context.settings))
    }

    fn webhook(context: Context, _: WebhookRequest) -> Hearing {
        Hearing {
            proof: None,
            heard: Vec::new(),
            status: 200,
            body: tried(&context.settings).into_bytes(),
            ignored: None,
            said: Vec::new(),
        }
    }
}

fn said(why: String) -> Step {
    Step::Done(Conclusion {
        outcome: Outcome::Retry(Retry { after_ms: None, why }),
        memo: None,
        said: Vec::new(),
    })
}
