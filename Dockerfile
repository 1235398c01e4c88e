# syntax=docker/dockerfile:1

FROM python:3.12-slim AS build
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv && uv venv /opt/k6-cloud-mcp
WORKDIR /src
# Dependencies first: they change less often than the code, and this layer is then kept.
COPY pyproject.toml ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --python /opt/k6-cloud-mcp --compile-bytecode -r pyproject.toml --extra otel
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --python /opt/k6-cloud-mcp --compile-bytecode --no-deps .

FROM python:3.12-slim
# k6 is not in the image. It is needed by the sandbox alone: mount a binary and name it in K6_PATH.
RUN useradd --create-home --uid 10001 k6mcp
COPY --from=build /opt/k6-cloud-mcp /opt/k6-cloud-mcp
ENV PATH=/opt/k6-cloud-mcp/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/k6mcp
EXPOSE 8000
# http.client and not urllib, which would ask a configured proxy for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", "\
import http.client, sys; \
connection = http.client.HTTPConnection('127.0.0.1', 8000, timeout=3); \
connection.request('GET', '/healthz'); \
sys.exit(connection.getresponse().status != 200)"]
ENTRYPOINT ["k6-cloud-mcp"]
CMD ["serve", "--transport", "http", "--host", "0.0.0.0", "--port", "8000"]
