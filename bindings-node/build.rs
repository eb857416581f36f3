//! Link arguments of a native part of Node.

fn main() {
    napi_build::setup();
}
