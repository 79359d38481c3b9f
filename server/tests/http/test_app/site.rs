use std::fs;
use std::path::Path;

/// The files that a build of the browser's half would leave: small, so that no test needs that build.
pub fn write(site: &Path) {
    let pkg = site.join("pkg");
    fs::create_dir_all(&pkg).expect("the directory can be made");
    let files: [(&str, &[u8]); 4] = [
        ("portico.0a1b.js", b"export default async () => {}; export const hydrate = () => {};"),
        ("portico.0a1b.wasm", b"\0asm\x01\0\0\0"),
        ("portico.0a1b.css", b":root { --p-space-1: 4px; }"),
        ("portico.0a1b.js.br", b"brotli stands here"),
    ];
    for (name, content) in files {
        fs::write(pkg.join(name), content).expect("the file can be written");
    }
    fs::write(site.join("favicon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
        .expect("the file can be written");
}
