//! Sign-ins on devices without a keyboard: RFC 8628.

use std::collections::HashMap;

use crate::state::{interaction::Authorization, params::Params};

#[derive(Clone, Default)]
pub(crate) struct Devices {
    /// By device code.
    grants: HashMap<String, DeviceGrant>,
}

#[derive(Clone)]
pub(crate) struct DeviceGrant {
    pub(crate) app_id: String,
    pub(crate) user_code: String,
    /// What was asked for.
    pub(crate) params: Params,
    pub(crate) expires_at: u64,
    pub(crate) answer: DeviceAnswer,
}

/// What the user has said.
#[derive(Clone)]
pub(crate) enum DeviceAnswer {
    Pending,
    /// It has not been told yet.
    Denied,
    Approved(Box<Authorization>),
    /// Told, or turned into tokens; with the sign-in that they came of.
    Spent(Option<String>),
}

impl Devices {
    pub(crate) fn add(&mut self, device_code: &str, grant: DeviceGrant) {
        self.grants.insert(device_code.to_owned(), grant);
    }

    pub(crate) fn get_mut(&mut self, device_code: &str) -> Option<&mut DeviceGrant> {
        self.grants.get_mut(device_code)
    }

    /// The grant that a user's code stands for, however it was typed.
    pub(crate) fn of_user(&mut self, user_code: &str) -> Option<&mut DeviceGrant> {
        let wanted = plain(user_code);
        self.grants.values_mut().find(|grant| plain(&grant.user_code) == wanted)
    }
}

fn plain(user_code: &str) -> String {
    user_code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}
