//! What stands between the store crate and the wire: answers to listings lose what no path can name, and attempts that
//! failed are counted, which the crate makes anew without a word.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use http::{Method, StatusCode, header};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};

use super::listing::without_unaddressable;
use crate::requests::{FailedAttempts, Operation};

/// Connects as usual, and looks at what goes by.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    unlistable: Arc<AtomicU64>,
    failed: FailedAttempts,
}

impl Connector {
    /// Counts go on in these.
    pub(super) fn new(unlistable: Arc<AtomicU64>, failed: FailedAttempts) -> Self {
        Self { unlistable, failed }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        let counts = self.clone();
        Ok(HttpClient::new(Watched { inner, counts }))
    }
}

#[derive(Debug)]
struct Watched {
    inner: HttpClient,
    counts: Connector,
}

#[async_trait]
impl HttpService for Watched {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let operation = operation(&request);
        let response = self.inner.execute(request).await;
        let is_failed = match &response {
            Ok(answer) => {
                answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS
            }
            Err(_) => true,
        };
        if is_failed {
            self.counts.failed.note(operation);
        }
        let response = response?;
        if operation != Operation::List || !response.status().is_success() {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let page = body.bytes().await?;
        let (page, dropped) =
            without_unaddressable(&page).map_err(|error| HttpError::new(HttpErrorKind::Decode, error))?;
        self.counts.unlistable.fetch_add(dropped, Ordering::Relaxed);
        head.headers.remove(header::CONTENT_LENGTH);
        Ok(HttpResponse::from_parts(head, page.into()))
    }
}

/// What S3 is asked for. The steps of an upload in parts all belong to writing.
fn operation(request: &HttpRequest) -> Operation {
    let query = request.uri().query().unwrap_or_default();
    match *request.method() {
        Method::GET if query.split('&').any(|pair| pair == "list-type=2") => Operation::List,
        Method::GET => Operation::Get,
        Method::HEAD => Operation::Head,
        Method::DELETE if !query.contains("uploadId=") => Operation::Delete,
        _ if request.headers().contains_key("x-amz-copy-source") => Operation::Copy,
        _ => Operation::Put,
    }
}
