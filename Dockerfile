# The chat server. `docker build -t tightwire-chat .`; ops/compose.yml runs three of them behind a balancer.

# The page at /.
FROM node:20-bookworm-slim AS page
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY frontend/client/package.json frontend/client/
COPY frontend/chat/package.json frontend/chat/
COPY frontend/app/package.json frontend/app/
COPY frontend/docs/package.json frontend/docs/
COPY scripts/package.json scripts/
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm
COPY frontend frontend
COPY generated/typescript generated/typescript
RUN npm run build --workspace frontend/app

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Dependencies and what was built of them stay on the machine that builds, and are not in any layer.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package tightwire-chat --features tls,otlp \
    && cp target/release/tightwire-chat /usr/local/bin/tightwire-chat

FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/tightwire-chat /usr/local/bin/tightwire-chat
COPY --from=page /src/frontend/app/dist /usr/local/share/tightwire-chat
# By number, so that whoever runs it can see that it is not root without looking into the image.
USER 10001:10001
# Everybody can reach it here: so the server does not start before it is told who may connect (docs/auth.md).
ENV BIND=0.0.0.0:8080 LOG_FORMAT=json WEB_ROOT=/usr/local/share/tightwire-chat
EXPOSE 8080
STOPSIGNAL SIGTERM
# 503 once it shuts down. bash is in the image, curl is not.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["tightwire-chat"]
