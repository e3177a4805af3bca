# The public client library: libmemory-client (.a, .so, header, pkg-config).
client:
.PHONY: client
