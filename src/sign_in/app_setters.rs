//! Setters that authorization requests and resumed interactions share.

/// Gives a type that has `client_secret`, `captcha_token` and `origin` their setters.
macro_rules! app_setters {
    ($type:ident $(<$event:ident: $bound:ident>)?) => {
        impl $(<$event: $bound>)? $type $(<$event>)? {
            /// The application's secret, if it has one: traditional web applications do, native and
            /// single-page applications do not.
            pub fn client_secret(mut self, secret: impl $crate::setters::IntoText) -> Self {
                self.client_secret = Some(secret.into_text());
                self
            }

            /// The token of the captcha widget, if the tenant uses one.
            pub fn captcha_token(mut self, token: impl $crate::setters::IntoText) -> Self {
                self.captcha_token = Some(token.into_text());
                self
            }

            /// The origin of the page that asks the browser for passkeys, such as
            /// `https://acme.com`. It is Logto's own by default.
            pub fn origin(mut self, origin: impl $crate::setters::IntoText) -> Self {
                self.origin = Some(origin.into_text());
                self
            }
        }
    };
}
pub(super) use app_setters;
