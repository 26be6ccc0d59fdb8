//! The contract's Rust code, made from ../../proto at every build; protox reads it, so no protoc is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../proto/tth/v1");
    let contract = protox::compile(["tth/v1/tth_service.proto"], ["../../proto"])?;
    tonic_prost_build::configure()
        .build_server(false)
        .bytes(".tth.v1.AudioChunk.data")
        .bytes(".tth.v1.VideoFrame.data")
        .compile_fds(contract)?;
    Ok(())
}
