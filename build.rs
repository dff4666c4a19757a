//! Tells whoever builds outside the checkout what they miss.

fn main() {
    println!("cargo::rerun-if-env-changed=AWS_LC_SYS_NO_JITTER_ENTROPY");
    if std::env::var_os("AWS_LC_SYS_NO_JITTER_ENTROPY").is_none() {
        println!(
            "cargo::warning=every command will take 40 ms longer: build in the checkout, whose \
             .cargo/config.toml says so, or with AWS_LC_SYS_NO_JITTER_ENTROPY=1"
        );
    }
}
