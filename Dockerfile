# One binary with its guests inside. Build: docker build -t edgebind .
# Run: docker run -p 2775:2775 -p 2776:2776 -p 3000:3000 -v edgebind-data:/var/lib/edgebind \
#        -e GATEWAY__WEBHOOK_BASE_URL=https://sms.example.com edgebind

FROM rust:1.95-bookworm AS base
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY wit wit
COPY guest-components guest-components
COPY host host
COPY tests tests

# The guests alone: shows at once when one of them does not build for the sandbox.
FROM base AS guests
RUN rustup target add wasm32-unknown-unknown \
 && cargo run --locked -p edgebind-componentize -- edgebind-session /guests/session.wasm \
 && cargo run --locked -p edgebind-componentize -- edgebind-smsgate /guests/smsgate.wasm \
 && cargo run --locked -p edgebind-componentize -- edgebind-vonage /guests/vonage.wasm \
 && cargo run --locked -p edgebind-componentize -- edgebind-http-template /guests/http-template.wasm

# The host; its build script finds the guests built.
FROM guests AS host
RUN cargo build --locked --release -p edgebind-gateway --bin edgebind

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates=2023* curl=7.88* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/edgebind --create-home edgebind
COPY --from=host /src/target/release/edgebind /usr/local/bin/edgebind
USER edgebind
WORKDIR /var/lib/edgebind
ENV SMPP__BIND_ADDRESS=0.0.0.0:2775 \
    HTTP__ADDRESS=0.0.0.0:3000 \
    EDGEBIND_DATA_DIR=/var/lib/edgebind
VOLUME /var/lib/edgebind
EXPOSE 2775 2776 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:3000/health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["edgebind"]
CMD ["serve"]
