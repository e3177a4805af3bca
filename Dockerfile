# Enhanced Memory as a container: one service, its socket and its database in
# volumes, no network needed.
#
#   docker build -t enhanced-memory .
#   docker run -d --name memory --read-only --network none --cap-drop ALL \
#     --security-opt no-new-privileges --tmpfs /tmp \
#     -v memory:/var/lib/memory-db -v memory-run:/run/memory-db enhanced-memory
#   docker exec -i memory memory-mcp            # what an MCP client starts
#   docker exec memory memoryctl status
#
# The root file system is never written to. Scripts run in jails of their own; where
# the container runtime forbids what a jail needs, execute_code says so and all
# else works (memoryctl status).
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc libc6-dev make pkg-config python3 libjansson-dev libsqlite3-dev \
	zlib1g-dev libseccomp-dev liblua5.4-dev libev-dev libsodium-dev \
	libutf8proc-dev libstemmer-dev libcurl4-openssl-dev libyaml-dev
COPY . /src
RUN make -C /src -s -j"$(nproc)" V=portable all && \
	make -C /src -s V=portable prefix=/usr DESTDIR=/out install

FROM debian:bookworm-slim
RUN groupadd -r -g 950 memory && \
	useradd -r -u 950 -g memory -d /var/lib/memory-db -s /usr/sbin/nologin \
		memory-db && \
	install -d -o memory-db -g memory -m 0700 /var/lib/memory-db \
		/run/memory-db
COPY --from=build /out/usr/bin/ /usr/bin/
ENV MEMORY_DB_PATH=/var/lib/memory-db/memory.db \
	MEMORY_DB_SOCKET=/run/memory-db/memory-db.sock
VOLUME ["/var/lib/memory-db", "/run/memory-db"]
USER 950:950
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
	CMD ["memoryctl", "--quiet", "health"]
# SIGTERM finishes what was accepted.
STOPSIGNAL SIGTERM
ENTRYPOINT ["memory-db", "--log-format", "json"]
