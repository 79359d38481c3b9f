use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use portico_contracts::manifest::FILE_PATH;
use portico_ports::HttpClient;

use super::{Candidate, Found, Place, SIGNATURE_FILE, Unreachable};
use crate::config::HostedManifest;
use crate::problem::LoadProblem;

/// Fetches one manifest, the signature beside it and the OpenAPI document that it names.
pub(crate) async fn at_url(hosted: &HostedManifest, http: &dyn HttpClient) -> Found {
    let place = Place::Hosted(hosted.url.clone());
    match fetch_all(&place, http).await {
        Ok((manifest, signature, openapi)) => {
            let development_sign = hosted.development_sign;
            Found {
                candidates: vec![Candidate {
                    place,
                    manifest: manifest.into(),
                    signature,
                    openapi,
                    development_sign,
                }],
                ..Found::default()
            }
        }
        Err(problem) => Found { unreachable: vec![Unreachable { place, problem }], ..Found::default() },
    }
}

type Fetched = (Bytes, Option<Vec<u8>>, Option<Vec<u8>>);

async fn fetch_all(place: &Place, http: &dyn HttpClient) -> Result<Fetched, LoadProblem> {
    let url = place.manifest();
    let manifest =
        fetch(&url, http).await?.ok_or_else(|| LoadProblem::new(&url, "", "not found there (404)"))?;
    let signature = fetch(&place.file(SIGNATURE_FILE), http).await?;
    let openapi = match openapi_in(&manifest) {
        Some(path) => fetch(&place.file(&path), http).await?,
        None => None,
    };
    Ok((manifest, signature.map(Into::into), openapi.map(Into::into)))
}

/// The document that a manifest names. Whether the manifest may be believed shows later; until then it is only a path
/// beside it.
fn openapi_in(manifest: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Naming {
        openapi: Option<String>,
    }
    let named = serde_json::from_slice::<Naming>(manifest).ok()?.openapi;
    named.filter(|path| (FILE_PATH.holds)(path))
}

/// The body at `url`, none where there is nothing.
async fn fetch(url: &str, http: &dyn HttpClient) -> Result<Option<Bytes>, LoadProblem> {
    let problem = |reason: String| LoadProblem::new(url, "", format!("cannot be fetched: {reason}"));
    let request = Request::get(url).header(ACCEPT, "application/json").body(Bytes::new());
    let request = request.map_err(|error| problem(error.to_string()))?;
    let response = http.send(request).await.map_err(|error| problem(error.to_string()))?;
    match response.status() {
        StatusCode::OK => Ok(Some(response.into_body())),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => Err(problem(format!("expected 200, found {status}"))),
    }
}
