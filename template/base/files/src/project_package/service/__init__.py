"""The model over HTTP: one ONNX graph, its metrics, its logs and its drift.

`/predict` is a plain ASGI endpoint in front of FastAPI, which serves everything
else: one request costs three bare echoes instead of nine. `docs/serving.md`
tells how a request travels.
"""
