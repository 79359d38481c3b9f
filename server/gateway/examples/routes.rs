//! What finding a route costs, with ten routes and with ten thousand: one line of JSON, nanoseconds per request, for
//! `make bench`. The paths asked for are spread over the whole table, and some match nothing.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use http::Method;
use portico_gateway::{ProxyPath, RouteSpec, RouteTable};

const ROUNDS: u32 = 5;
const ASKED: usize = 200_000;

#[expect(clippy::print_stdout, reason = "the line is what it is run for")]
fn main() -> Result<(), Box<dyn Error>> {
    let (few, many) = (measure(10)?, measure(10_000)?);
    println!(r#"{{"few":{few:.1},"many":{many:.1}}}"#);
    Ok(())
}

/// Nanoseconds for one of `count` routes: the fastest of some rounds, since whatever disturbs only adds.
fn measure(count: usize) -> Result<f64, Box<dyn Error>> {
    let specs: Vec<RouteSpec> = (0..count).map(route).collect();
    let table = RouteTable::compile(&specs)?;
    let paths: Vec<String> = (0..1_000).map(|n| path(n * 7919 % count, n)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for path in paths.iter().cycle().take(ASKED) {
            let found = table.find(black_box(&Method::GET), ProxyPath::parse(black_box(path))?);
            black_box(found.is_ok());
        }
        best = best.min(begun.elapsed().as_nanos() as f64 / ASKED as f64);
    }
    Ok(best)
}

/// As real manifests have them: a collection, an item in it, and what is below the item.
fn route(number: usize) -> RouteSpec {
    let path = match number % 3 {
        0 => format!("/api/area-{}/list-{number}", number % 50),
        1 => format!("/api/area-{}/list-{number}/*", number % 50),
        _ => format!("/api/area-{}/list-{number}/**", number % 50),
    };
    RouteSpec {
        methods: vec!["GET".into()],
        path,
        permissions: vec!["todos.read".into()],
        ..RouteSpec::default()
    }
}

fn path(number: usize, salt: usize) -> String {
    let below = match number % 3 {
        0 => String::new(),
        1 => format!("/item-{salt}"),
        _ => format!("/item-{salt}/comments/{salt}"),
    };
    // Every tenth asks for something that nobody declared.
    let base = if salt.is_multiple_of(10) { "other" } else { "list" };
    format!("/api/area-{}/{base}-{number}{below}", number % 50)
}
