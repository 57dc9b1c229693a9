//! Generates the protocol from the contract.

fn main() -> Result<(), tightwire_codegen::Error> {
    tightwire_codegen::compile("asyncapi/chat.yml")
}
