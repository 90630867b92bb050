//! `--tenant`: whose things a command is about.

use clap::Args;

/// Whose.
#[derive(Clone, Debug, Args)]
pub struct Owner {
    /// The tenant
    #[arg(short, long, global = true, value_name = "TENANT", env = "EDGEBIND_TENANT")]
    tenant: Option<String>,
}

impl Owner {
    /// The tenant, where a command needs one.
    pub fn required(&self) -> Result<&str, String> {
        self.tenant
            .as_deref()
            .ok_or_else(|| "whose? name the tenant with --tenant or EDGEBIND_TENANT".into())
    }

    /// The tenant, where it narrows a list.
    pub fn narrows(&self) -> Option<(&str, &str)> {
        self.tenant.as_deref().map(|tenant| ("tenant", tenant))
    }
}
