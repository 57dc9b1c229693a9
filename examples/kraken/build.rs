//! Generates the protocol from the document.

fn main() -> Result<(), tightwire_codegen::Error> {
    tightwire_codegen::compile("asyncapi/kraken.yml")
}
