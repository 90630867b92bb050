//! What one tenant's guests may use together, and that another's have nothing to do with it.

use crate::guests::{config, context, engine, few, frame, goes_on, healthy, session, settings, translator};
use edgebind_runtime::{Allowance, Blame, Fault, GuestLimits, translator::Operation};
use std::sync::Arc;

fn allowance(limits: GuestLimits) -> Arc<Allowance> {
    Allowance::new(limits, Arc::new(|_| {}))
}

#[test]
fn instances_are_counted_for_a_tenant_and_not_for_the_next() {
    let component = session(&engine());
    let limits = GuestLimits {
        instances_max: 1,
        ..GuestLimits::default()
    };
    let (one, other) = (allowance(limits.clone()), allowance(limits));
    let (component, neighbour) = (component.within(&one), component.within(&other));
    let mut open = healthy(&component);
    let full = component.open(&config(&[])).err().unwrap();
    assert_eq!(full, Fault::Instances { limit: 1 });
    assert_eq!(full.blame(), Blame::Host);
    assert_eq!(component.check(&settings(&[])).err(), Some(full));
    goes_on(&mut healthy(&neighbour));
    // A bind that moves is one instance all the time.
    let (mut moved, _) = open.move_to(&component, &config(&[])).unwrap();
    drop(open);
    assert_eq!(one.usage().instances, 1);
    goes_on(&mut moved);
    drop(moved);
    assert_eq!((one.usage().instances, other.usage().instances), (0, 0));
    goes_on(&mut healthy(&component));
}

#[test]
fn limits_that_change_hold_from_the_next_call_on() {
    let allowance = allowance(GuestLimits::default());
    let component = session(&engine()).within(&allowance);
    let mut open = healthy(&component);
    goes_on(&mut open);
    allowance.change(GuestLimits {
        actions_max: 0,
        ..GuestLimits::default()
    });
    assert_eq!(
        open.on_events(2, &[frame()]),
        Err(Fault::TooManyActions { count: 1, limit: 0 })
    );
}

#[test]
fn a_tenant_may_be_given_more_memory_than_others_and_less() {
    const MORE: usize = 32 << 20;
    let component = session(&engine());
    let hoards = |memory_bytes: usize| {
        let allowance = allowance(GuestLimits {
            memory_bytes,
            ..GuestLimits::default()
        });
        let hoarder = component.within(&allowance);
        let mut hoarder = hoarder.open(&config(&[("misdeed", "hoard")])).unwrap();
        let fault = hoarder.on_events(1, &[frame()]).err().unwrap();
        (fault, allowance.usage().memory_peak_bytes)
    };
    let (fault, peak) = hoards(MORE);
    assert_eq!(fault, Fault::Memory { limit_bytes: MORE });
    assert!((MORE / 2..=MORE).contains(&peak), "{peak}");
    let (fault, less) = hoards(4 << 20);
    assert_eq!(fault, Fault::Memory { limit_bytes: 4 << 20 });
    assert!(less <= 4 << 20, "{less}");
    // Nobody has more than a place in the pool.
    let (fault, _) = hoards(usize::MAX);
    assert_eq!(
        fault,
        Fault::Memory {
            limit_bytes: few().memory_bytes
        }
    );
}

#[test]
fn a_guest_that_spins_uses_up_its_share_and_nobody_elses() {
    let share = GuestLimits {
        cpu_share: Some(10),
        ..GuestLimits::default()
    };
    let (one, other) = (allowance(share.clone()), allowance(share));
    let component = translator(&engine());
    let (spinner, neighbour) = (component.within(&one), component.within(&other));
    assert_eq!(one.wait(), None);
    assert!(matches!(
        spinner.begin(&context(&[("misdeed", "spin")]), &Operation::Attach),
        Err(Fault::Deadline { .. })
    ));
    neighbour.begin(&context(&[]), &Operation::Attach).unwrap();
    assert!(one.wait().is_some(), "{:?}", one.usage());
    assert_eq!(other.wait(), None);
    assert_eq!((one.usage().calls, other.usage().calls), (1, 1));
    assert!(one.usage().cpu > other.usage().cpu);
}
