# syntax=docker/dockerfile:1

# The build needs gcc, g++, make and perl alone: librdkafka and OpenSSL are built from source into the binary.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ make perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin newswire \
    && cp target/release/newswire /usr/local/bin/newswire

FROM debian:bookworm-slim
# The certificate authorities that `ssl.ca.location = "probe"` looks for.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin newswire
COPY --from=build /usr/local/bin/newswire /usr/local/bin/newswire
COPY LICENSE /usr/share/doc/newswire/LICENSE
USER 10001
# Reachable from outside the container; the default listens on the loopback address.
ENV NEWSWIRE_HTTP__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["newswire", "health"]
ENTRYPOINT ["newswire"]
CMD ["run"]
