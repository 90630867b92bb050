//! Builds the components that the gateway carries.

use edgebind_componentize::{Guest, from_build_script};

fn main() {
    let guests = [
        (
            "EDGEBIND_SESSION",
            Guest {
                package: "edgebind-session",
                features: &[],
                env: &[],
            },
        ),
        (
            "EDGEBIND_SMSGATE",
            Guest {
                package: "edgebind-smsgate",
                features: &[],
                env: &[],
            },
        ),
        (
            "EDGEBIND_VONAGE",
            Guest {
                package: "edgebind-vonage",
                features: &[],
                env: &[],
            },
        ),
        (
            "EDGEBIND_HTTP_TEMPLATE",
            Guest {
                package: "edgebind-http-template",
                features: &[],
                env: &[],
            },
        ),
        (
            "EDGEBIND_SMSGATE_SECOND",
            Guest {
                package: "edgebind-smsgate",
                features: &[],
                env: &[("EDGEBIND_BUILD", "second")],
            },
        ),
    ];
    for (name, guest) in guests {
        println!("cargo::rustc-env={name}={}", from_build_script(&guest).display());
    }
}
