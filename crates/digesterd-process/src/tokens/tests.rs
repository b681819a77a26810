//! The file of tokens, what it refuses, and what a token covers.

use super::*;

fn file(text: &str) -> Result<Vec<Arc<Token>>, String> {
    read(Path::new("tokens"), text.as_bytes()).map_err(|error| error.to_string())
}

fn tokens(text: &str) -> Tokens {
    Tokens {
        known: Arc::new(RwLock::new(file(text).unwrap())),
    }
}

fn scope(accounts: &str) -> Scope {
    Scope::parse(Some(accounts).filter(|list| !list.is_empty()), Some("us-east-1")).unwrap()
}

#[test]
fn an_issued_token_is_found_by_its_line_and_by_nothing_else() {
    let both = [Right::Create, Right::Read];
    let (secret, line) = Token::issue("ci", &both, &["2".to_owned(), "1".to_owned()]).unwrap();
    assert!(secret.expose().starts_with(PREFIX) && secret.expose().len() == PREFIX.len() + 64);
    let (other, reader) = Token::issue("reader", &[Right::Read], &[]).unwrap();
    assert!(!line.to_string().contains(secret.expose()));
    let tokens = tokens(&format!("# people\n\n{reader}\n  {line}\n"));
    let found = tokens.find(secret.expose()).unwrap();
    assert_eq!((found.as_ref(), found.name()), (&line, "ci"));
    assert_eq!(tokens.find(other.expose()).unwrap().name(), "reader");
    let cut = &secret.expose()[..secret.expose().len() - 1];
    for wrong in ["", "ci", cut, &format!("{}0", secret.expose()), &line.to_string()] {
        assert_eq!(tokens.find(wrong), None, "{wrong}");
    }
    assert!(!format!("{tokens:?}").contains("ci"));
}

#[test]
fn a_token_is_good_for_its_scopes_and_accounts_alone() {
    let hash = "0".repeat(64);
    let read_one = |line: &str| file(&format!("x {hash} {line}")).unwrap().remove(0);
    let reader = read_one("read");
    assert!(reader.has(Right::Read) && !reader.has(Right::Create));
    assert!(reader.covers(&Scope::default()) && reader.covers(&scope("1")));
    let bound = read_one("create 1,2");
    assert!(!bound.has(Right::Read) && bound.has(Right::Create));
    assert!(bound.covers(&scope("1")) && bound.covers(&scope("2,1")));
    // Without accounts all of them are asked for.
    assert!(!bound.covers(&scope("1,3")) && !bound.covers(&scope("")) && !bound.covers(&Scope::default()));
}

#[test]
fn lines_that_are_no_tokens_are_named_and_not_shown() {
    let hash = "ab".repeat(32);
    for (line, problem) in [
        ("ci", "NAME SHA256"),
        ("ci read,create", "NAME SHA256"),
        (&format!("ci {hash} write"), "neither read nor create"),
        (&format!("ci {hash} read,"), "neither read nor create"),
        (&format!("ci {hash} read 1 2"), "more than"),
        (&format!("ci {hash} read ../1"), "not a name"),
        (&format!("ci {} read", &hash[1..]), "64 hex digits"),
        (&format!("ci {}\u{e4} read", &hash[2..]), "64 hex digits"),
        (&format!("dgst_0 {hash} read"), "no name"),
        (&format!("a {hash} read\na {} read", "0".repeat(64)), "line above"),
        (&format!("a {hash} read\nb {hash} create"), "line above"),
    ] {
        let told = file(&format!("# one\n{line}")).unwrap_err();
        assert!(
            told.starts_with("tokens, line ") && told.contains(problem),
            "{line}: {told}"
        );
        assert!(
            told.contains("DIGEST_TOKENS_FILE") && !told.contains(&hash),
            "{told}"
        );
    }
    assert!(file(&" ".repeat(MOST_BYTES + 1)).is_err());
    assert!(file("").unwrap().is_empty());
    assert!(Token::issue("a b", &[Right::Read], &[]).is_err());
    assert!(Token::issue("a", &[], &[]).is_err());
}

#[test]
fn a_token_in_the_wrong_place_is_not_shown() {
    let (secret, _) = Token::issue("ci", &[Right::Read], &[]).unwrap();
    // In each field of its line, the list of accounts too.
    let (hash, shown) = ("ab".repeat(32), secret.expose());
    for line in [
        format!("{shown} {hash} read"),
        format!("ci {shown} read"),
        format!("ci {hash} {shown}"),
        format!("ci {hash} read {shown}"),
        format!("ci {hash} read 1,{shown}"),
        format!("ci {hash} read 1 {shown}"),
    ] {
        let told = file(&line).unwrap_err();
        assert!(!told.contains(PREFIX) && !told.contains(&hash), "{told}");
    }
    let query = format!("a=1&token={}&b={}", secret.expose(), secret.expose());
    assert_eq!(redacted(&query), "a=1&token=***&b=***");
    assert_eq!(redacted("start=2018"), "start=2018");
}
