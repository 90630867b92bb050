//! The translator: it behaves, but for its misdeed.
#![cfg(not(all(target_arch = "wasm32", not(feature = "translator"))))]

use crate::{
    bindings::translator::{
        edgebind::{
            message::types::Setting,
            translator::types::{
                Conclusion, Context, Exchange, Failure, Hearing, Operation, Outcome, Request, Response, Step, WebhookRequest,
            },
        },
        exports::edgebind::translator::translation::Guest,
    },
    misdeed::{TranslatorMisdeed as Misdeed, count},
    ways,
};

/// What the component exports.
#[derive(Debug)]
pub struct Component;

impl Guest for Component {
    fn check(settings: Vec<Setting>) -> Vec<String> {
        match Misdeed::chosen(&settings) {
            Misdeed::TrapInCheck => panic!("the misdeed"),
            _ => settings
                .iter()
                .filter(|(name, _)| name == "unwanted")
                .map(|(_, value)| format!("unwanted: {value}"))
                .collect(),
        }
    }

    fn begin(ctx: Context, _op: Operation) -> Step {
        step(&ctx)
    }

    fn resume(ctx: Context, _op: Operation, _saved: Vec<u8>, _got: Result<Response, Failure>) -> Step {
        step(&ctx)
    }

    fn webhook(ctx: Context, _request: WebhookRequest) -> Hearing {
        let (body, said) = match step(&ctx) {
            Step::Exchange(exchange) => (exchange.request.body, exchange.said),
            Step::Done(conclusion) => (Vec::new(), conclusion.said),
        };
        Hearing {
            proof: None,
            heard: Vec::new(),
            status: 200,
            body,
            ignored: None,
            said,
        }
    }
}

fn step(ctx: &Context) -> Step {
    let taken = |id| {
        Step::Done(Conclusion {
            outcome: Outcome::Taken(vec![id]),
            memo: None,
            said: Vec::new(),
        })
    };
    match Misdeed::chosen(&ctx.settings) {
        Misdeed::Spin => ways::spin(),
        Misdeed::Trap => panic!("the misdeed"),
        Misdeed::Hoard => ways::hoard(),
        Misdeed::Recurse => taken(ways::recurse(0).to_string()),
        Misdeed::NotUtf8 => taken(ways::not_utf8()),
        Misdeed::GiantBody => {
            let body = vec![7; count(&ctx.settings) + 1];
            let request = Request {
                method: "POST".into(),
                url: "http://127.0.0.1/".into(),
                headers: Vec::new(),
                authorization: None,
                body,
                blanks: Vec::new(),
            };
            Step::Exchange(Exchange {
                request,
                saved: Vec::new(),
                said: Vec::new(),
            })
        }
        Misdeed::Chatter => Step::Done(Conclusion {
            outcome: Outcome::Taken(vec![ctx.key.clone()]),
            memo: None,
            said: vec!["a line".to_owned(); count(&ctx.settings)],
        }),
        Misdeed::None | Misdeed::TrapInCheck => taken(ctx.key.clone()),
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, unreachable_pub, reason = "what is generated here is the boundary itself")]
mod export {
    use super::Component;

    crate::bindings::translator::export!(Component with_types_in crate::bindings::translator);
}
