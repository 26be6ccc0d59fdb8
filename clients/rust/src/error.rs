//! What went wrong, with what the server said as data.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::proto;

/// Programs compare `reason` (docs/errors.md), never texts.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    pub reason: String,
    pub message: String,
    pub metadata: BTreeMap<String, String>,
    pub violations: Vec<Violation>,
    /// The same may succeed later.
    pub retryable: bool,
    /// Not before.
    pub retry_after: Option<Duration>,
}

/// One field that was refused.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Path in the message, for example "controls.emotion.intensity".
    pub field: String,
    pub allowed: String,
}

impl Error {
    pub(crate) fn own(code: Code, reason: &str, message: &str) -> Self {
        Self {
            code,
            reason: reason.into(),
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retryable: matches!(code, Code::Unavailable | Code::ResourceExhausted),
            retry_after: None,
        }
    }

    /// No connection, or none any more; with what the transport says.
    pub(crate) fn unreachable(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes: Vec<_> =
            std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
        causes.dedup();
        let told = causes.join(": ");
        let question = if told.contains("certificate") {
            "is its certificate signed by the CA given here, for this name?"
        } else if told.contains("InvalidContentType") {
            "does it speak TLS?"
        } else if told.contains("tcp connect error") || told.contains("dns error") {
            "is a server running there?"
        } else {
            "it hangs up: does it want TLS, or a certificate of yours?"
        };
        Self::own(Code::Unavailable, "UNREACHABLE", &format!("{question} ({told})"))
    }

    /// Another stream may do better: the connection or the server is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.code == Code::Unavailable || self.reason == "TRANSPORT"
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let mut error = Self::own(status.code(), &code_name(status.code()), status.message());
        if let Some(info) = details.error_info() {
            error.reason = info.reason.clone();
            let text = error.message.strip_prefix(&format!("{}: ", info.reason));
            error.message = text.unwrap_or(&error.message).into();
            error.metadata = info.metadata.clone().into_iter().collect();
        } else if let Some(cause) = std::error::Error::source(&status) {
            return Self::unreachable(cause); // it was not the server who said it
        } else if status.code() == Code::Unavailable {
            error.reason = "UNREACHABLE".into();
        } else if matches!(status.code(), Code::Internal | Code::Unknown | Code::Cancelled) {
            error.reason = "TRANSPORT".into();
        }
        for item in details.bad_request().into_iter().flat_map(|request| &request.field_violations) {
            error.violations.push(Violation { field: item.field.clone(), allowed: item.description.clone() });
        }
        if let Some(info) = details.retry_info() {
            error.retryable = true;
            error.retry_after = info.retry_delay;
        }
        error
    }
}

/// The error that an error event tells of.
impl From<&proto::Error> for Error {
    fn from(event: &proto::Error) -> Self {
        let violations = event.field_violations.iter();
        Self {
            code: Code::from(event.code),
            reason: event.reason.clone(),
            message: event.message.clone(),
            metadata: event.metadata.clone().into_iter().collect(),
            violations: violations
                .map(|item| Violation { field: item.field.clone(), allowed: item.description.clone() })
                .collect(),
            retryable: event.retryable,
            retry_after: event.retry_after_ms.map(|ms| Duration::from_millis(ms.max(0) as u64)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.message, self.reason)?;
        self.violations.iter().try_for_each(|item| write!(out, "\n  {}: {}", item.field, item.allowed))
    }
}

impl std::error::Error for Error {}

/// A code as the protocol writes it: `INVALID_ARGUMENT`.
pub fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
