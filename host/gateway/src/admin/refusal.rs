//! Why the admin API does not do what it is asked, as an answer: one sentence, and every mistake where there are several.

use super::words::Problem;
use crate::{config::Mistakes, register::Refusal, releases};
use axum::{
    Json,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};

/// An answer that is an error.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    problem: Problem,
}

impl Refused {
    /// One sentence under this status.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            problem: Problem {
                error: sentence.into(),
                mistakes: Vec::new(),
            },
        }
    }

    /// There is no such thing.
    pub fn unknown(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    /// The request itself is wrong.
    pub fn bad_request(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    /// No token, or a wrong one.
    pub fn stranger() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: send Authorization: Bearer with the one of the configuration, or of admin-token in the data directory",
        )
    }

    /// What is asked for has mistakes.
    pub fn mistakes(mistakes: impl IntoIterator<Item = String>) -> Self {
        let mistakes: Vec<String> = mistakes.into_iter().collect();
        let count = mistakes.len();
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            problem: Problem {
                error: match mistakes.as_slice() {
                    [only] => only.clone(),
                    _ => format!("{count} mistakes, and nothing is changed"),
                },
                mistakes,
            },
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            Refusal::Unknown(_) => Self::unknown(sentence),
            Refusal::Conflict(_) => Self::new(StatusCode::CONFLICT, sentence),
            Refusal::Mistakes(Mistakes(mistakes)) => Self::mistakes(mistakes.iter().map(ToString::to_string)),
            Refusal::Disk(error) => {
                tracing::error!(%error, "a change could not be written");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, sentence)
            }
        }
    }
}

impl From<releases::refusal::Refusal> for Refused {
    fn from(refusal: releases::refusal::Refusal) -> Self {
        use releases::refusal::Refusal;
        let status = match &refusal {
            Refusal::NotFound(_) => StatusCode::NOT_FOUND,
            Refusal::Mistakes(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Disk(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        let (error, mistakes) = match refusal {
            Refusal::Mistakes(what, mistakes) => (what, mistakes),
            other => (other.to_string(), Vec::new()),
        };
        Self {
            status,
            problem: Problem { error, mistakes },
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
