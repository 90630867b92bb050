//! The exports of the component, each of which is the function of the same name in the crate root.
#![expect(unsafe_code, unreachable_pub, reason = "the generated exports are how a host calls in")]

use edgebind_heap as _;

use crate::bindings::{
    self,
    edgebind::{
        message::types::Setting,
        translator::types::{Context, Failure, Hearing, Operation, Response, Step, WebhookRequest},
    },
    exports::edgebind::translator::translation::Guest,
};

struct Component;

impl Guest for Component {
    fn check(settings: Vec<Setting>) -> Vec<String> {
        crate::check(&settings)
    }

    fn begin(ctx: Context, op: Operation) -> Step {
        crate::begin(&ctx, &op)
    }

    fn resume(ctx: Context, op: Operation, _saved: Vec<u8>, got: Result<Response, Failure>) -> Step {
        crate::resume(&ctx, &op, &got)
    }

    fn webhook(ctx: Context, request: WebhookRequest) -> Hearing {
        crate::webhook(&ctx, &request)
    }
}

bindings::export!(Component with_types_in bindings);
