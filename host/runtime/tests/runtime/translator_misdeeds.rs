//! Every misdeed of a translator: the call ends with the right fault, and the next call to the same component is as good as any.

use crate::guests::{context, engine, few, settings, translator};
use edgebind_faulty::TranslatorMisdeed as Misdeed;
use edgebind_runtime::{
    Blame, Fault, TranslatorComponent,
    translator::{Failure, FailureKind, Operation, Outcome, Step, WebhookRequest},
};

/// A test for each misdeed, named like it. One without a test does not compile.
macro_rules! misdeeds {
    ($($misdeed:ident: $test:ident $body:block)*) => {
        $(#[test] fn $test() $body)*

        /// Never called: what it is for is that it compiles.
        const _: fn(Misdeed) = |misdeed| match misdeed { $(Misdeed::$misdeed => {})* };
    };
}

misdeeds! {
    None: a_guest_that_behaves_has_no_fault {
        is_healthy(&translator(&engine()));
    }

    Spin: spin {
        assert_eq!(in_every_call(Misdeed::Spin, 0), Fault::Deadline { limit_ms: few().guest.translator_call_ms });
    }

    Trap: trap {
        assert!(matches!(in_every_call(Misdeed::Trap, 0), Fault::Trap { .. }));
    }

    Hoard: hoard {
        assert_eq!(in_every_call(Misdeed::Hoard, 0), Fault::Memory { limit_bytes: few().guest.memory_bytes });
    }

    Recurse: recurse {
        assert!(matches!(in_every_call(Misdeed::Recurse, 0), Fault::Trap { .. }));
    }

    GiantBody: giant_body {
        let limit = few().guest.translation_bytes_max;
        assert_eq!(in_every_call(Misdeed::GiantBody, limit), Fault::TooManyBytes { limit });
    }

    Chatter: chatter {
        // 24 octets for a string and 6 for what it says.
        let limit = few().guest.translation_bytes_max;
        assert_eq!(in_every_call(Misdeed::Chatter, limit / 8), Fault::TooManyBytes { limit });
    }

    NotUtf8: not_utf8 {
        let component = translator(&engine());
        let fault = component.begin(&context(&[("misdeed", "not-utf8")]), &Operation::Attach).unwrap_err();
        assert!(matches!(&fault, Fault::Trap { why } if why.contains("utf-8")), "{fault}");
        is_healthy(&component);
    }

    TrapInCheck: trap_in_check {
        let component = translator(&engine());
        assert!(matches!(component.check(&settings(&[("misdeed", "trap-in-check")])), Err(Fault::Trap { .. })));
        is_healthy(&component);
    }
}

/// The fault of a translator that does this in whatever it is called for.
fn in_every_call(misdeed: Misdeed, count: usize) -> Fault {
    let component = translator(&engine());
    let count = count.to_string();
    let context = context(&[("misdeed", misdeed.name()), ("count", &count)]);
    let failure = Err(Failure {
        kind: FailureKind::Unreachable,
        why: String::new(),
    });
    let faults = [
        component.begin(&context, &Operation::Authenticate).unwrap_err(),
        component
            .resume(&context, &Operation::Attach, b"saved", &failure)
            .unwrap_err(),
        component.webhook(&context, &webhook()).unwrap_err(),
    ];
    is_healthy(&component);
    let [first, others @ ..] = faults;
    assert_eq!(first.blame(), Blame::Guest);
    for other in others {
        assert_eq!(
            std::mem::discriminant(&first),
            std::mem::discriminant(&other),
            "{first} and {other}"
        );
    }
    first
}

fn is_healthy(component: &TranslatorComponent) {
    let step = component.begin(&context(&[]), &Operation::Detach).unwrap();
    let Step::Done(conclusion) = step else { panic!("{step:?}") };
    assert_eq!(conclusion.outcome, Outcome::Taken(vec!["42".into()]));
    assert_eq!(
        component.webhook(&context(&[]), &webhook()).map(|hearing| hearing.status),
        Ok(200)
    );
    assert_eq!(
        component.check(&settings(&[("unwanted", "this")])),
        Ok(vec!["unwanted: this".into()])
    );
}

fn webhook() -> WebhookRequest {
    WebhookRequest {
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        body: b"{}".to_vec(),
    }
}
