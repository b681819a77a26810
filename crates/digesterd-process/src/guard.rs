//! Who may come in: one middleware before every route, which asks for a token or a secret and says who came.
//!
//! Health routes are open: probes know no token. Everything else is refused with 401 where nothing or nothing known is
//! presented, and with 403 where it is not good for what is asked. Which windows a token bound to accounts may ask for
//! is for the routes to say, by [`Caller::may_ask_for`].

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use digest_core::Scope;

use crate::environment::Secret;
use crate::problem::{Problem, ProblemKind};
use crate::tokens::{Right, Token, Tokens, TokensError, same_secret};
use crate::{health, metrics};

/// Who is let in to a listener.
#[derive(Clone, Default)]
pub enum Guard {
    /// Whoever can connect.
    #[default]
    Open,
    /// Who has one of these tokens, for what it is good for.
    Tokens(Tokens),
    /// Who knows this secret.
    Secret(SharedSecret),
}

/// A secret that two processes share. Presented as a bearer token, or as the password of Basic authentication, which is
/// what clients send of an address with a password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSecret(Secret);

/// Who sent a request, as far as its listener asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Caller {
    /// Nobody was asked.
    #[default]
    Anyone,
    /// Who has this token.
    Known(Arc<Token>),
}

impl Caller {
    /// The token's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Anyone => None,
            Self::Known(token) => Some(token.name()),
        }
    }

    /// Whether the caller may ask for the digests of some accounts alone.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self, Self::Known(token) if token.is_bound())
    }

    /// Whether the caller may ask for a digest of this scope.
    ///
    /// # Errors
    /// 403, which names no account.
    pub fn may_ask_for(&self, scope: &Scope) -> Result<(), Problem> {
        match self {
            Self::Known(token) if !token.covers(scope) => Err(Problem::new(
                ProblemKind::Forbidden,
                "this token is bound to accounts: ask with account= and no other accounts than these",
            )),
            _ => Ok(()),
        }
    }
}

/// Who sent a request; [`Caller::Anyone`] where nobody asks for a token.
#[must_use]
pub fn caller_of(request: &HttpRequest) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or_default()
}

impl SharedSecret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// Whether the headers present it.
    ///
    /// # Errors
    /// 401.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let presented = bearer(headers).or_else(|| password(headers));
        match presented {
            Some(presented) if same_secret(&presented, self.0.expose()) => Ok(()),
            Some(_) => Err(unknown("the secret is not the one that this service was told")),
            None => Err(missing(
                "who delivers here has to present the secret: Authorization: Bearer …",
            )),
        }
    }
}

impl Guard {
    /// Who has one of the tokens of a file, which is read again whenever it changes; without a file, everybody.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn of_tokens(file: Option<&Path>) -> Result<Self, TokensError> {
        let Some(file) = file else { return Ok(Self::Open) };
        let tokens = Tokens::open(file)?;
        tokens.keep_up(file);
        Ok(Self::Tokens(tokens))
    }

    fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Caller, Problem> {
        if matches!(self, Self::Open) || health::PATHS.contains(&uri.path()) {
            return Ok(Caller::Anyone);
        }
        let tokens = match self {
            Self::Tokens(tokens) => tokens,
            Self::Secret(secret) => return secret.check(headers).map(|()| Caller::Anyone),
            Self::Open => return Ok(Caller::Anyone),
        };
        let Some(presented) = bearer(headers) else {
            return Err(missing("this service asks for a token: Authorization: Bearer …"));
        };
        let Some(token) = tokens.find(&presented) else {
            return Err(unknown("the token is not known here"));
        };
        let right = match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Right::Read,
            _ => Right::Create,
        };
        if !token.has(right) {
            let detail = format!("this token has not the scope {}", right.as_str());
            let challenge = match right {
                Right::Read => r#"Bearer realm="digesterd", error="insufficient_scope", scope="read""#,
                Right::Create => r#"Bearer realm="digesterd", error="insufficient_scope", scope="create""#,
            };
            return Err(Problem::new(ProblemKind::Forbidden, detail).challenge(challenge));
        }
        if token.is_bound() && uri.path() == metrics::PATH {
            let detail = "this token is bound to accounts, and metrics are of all of them";
            return Err(Problem::new(ProblemKind::Forbidden, detail));
        }
        Ok(Caller::Known(token))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Tokens(tokens) => fmt::Debug::fmt(tokens, f),
            Self::Secret(_) => f.write_str("a secret"),
        }
    }
}

/// The middleware, for a [`Guard`] that is application data.
pub(crate) async fn ask(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = request.app_data::<Guard>().map_or(Ok(Caller::Anyone), |guard| {
        guard.admit(request.method(), request.uri(), request.headers())
    });
    match admitted {
        Ok(caller) => {
            if caller != Caller::Anyone {
                // Nobody inside has to see it, and nobody can show it.
                request.headers_mut().remove(header::AUTHORIZATION);
            }
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

fn missing(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unauthorized, detail).challenge(r#"Bearer realm="digesterd""#)
}

fn unknown(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unauthorized, detail)
        .challenge(r#"Bearer realm="digesterd", error="invalid_token""#)
}

/// What `Authorization` presents under a scheme. Two such headers present nothing: nobody could say which one counts.
fn credentials<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let mut given = headers.get_all(header::AUTHORIZATION);
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (named, credentials) = value.to_str().ok()?.trim().split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    credentials(headers, "bearer").map(str::to_owned)
}

/// The password of Basic authentication, whatever the user's name.
fn password(headers: &HeaderMap) -> Option<String> {
    use base64::Engine as _;
    let encoded = credentials(headers, "basic")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
