"""A small server of the KServe v2 protocol, by HTTP and by gRPC: what tritonclient talks to is real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import serialize_byte_tensor

from tests.frameworks.remote.server import Gate, Reply, Request, Server, in_json

GATE = Gate()


def answers(model: str, rows: Any) -> dict[str, tuple[str, Any]]:
    """Return a model's outputs, by name: type and values."""
    scores = rows.mean(axis=1, keepdims=True).astype(np.float32)
    if model == "slow":
        GATE.wait()
    if model == "classes":
        return {"class": ("INT64", (rows[:, 0] > 0).astype(np.int64))}
    if model == "names":
        return {"name": ("BYTES", np.array([[b"cat"], [b"d\xc3\xb6g"], [b"cat"]], dtype=object))}
    if model == "both":
        return {"score": ("FP32", scores), "class": ("INT64", (rows[:, 0] > 0).astype(np.int64))}
    if model == "topics":
        odds = np.exp(rows[:, :2])
        return {"probabilities": ("FP32", (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))}
    return {"score": ("FP32", scores)}


def raw(datatype: str, values: Any) -> bytes:
    return serialize_byte_tensor(values).item() if datatype == "BYTES" else values.tobytes()


def by_http(request: Request) -> Reply:
    model = request.path.split("/")[3]
    length = int(request.headers.get("Inference-Header-Content-Length", len(request.body)))
    asked = json.loads(request.body[:length])
    (given,) = asked["inputs"]
    shape = given["shape"]
    if "data" in given:
        rows = np.array(given["data"], dtype=np.float32).reshape(shape)
    else:
        rows = np.frombuffer(request.body[length:], dtype=np.float32).reshape(shape)
    if model == "broken" or shape[1] != 4:
        return in_json({"error": f"unexpected shape {shape}"}, 400)
    in_text = any(not output["parameters"].get("binary_data", True) for output in asked.get("outputs", ()))
    outputs, tail = [], b""
    for name, (datatype, values) in answers(model, rows).items():
        output = {"name": name, "datatype": datatype, "shape": list(values.shape)}
        if in_text:
            output["data"] = [v.decode() if isinstance(v, bytes) else v for v in values.reshape(-1).tolist()]
        else:
            output["parameters"] = {"binary_data_size": len(raw(datatype, values))}
            tail += raw(datatype, values)
        outputs.append(output)
    head = json.dumps({"model_name": model, "model_version": "1", "outputs": outputs}).encode()
    return Reply(head + tail, headers={"Inference-Header-Content-Length": str(len(head))})


class Service(service_pb2_grpc.GRPCInferenceServiceServicer):
    def ModelInfer(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        (given,) = request.inputs
        if given.shape[1] != 4:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"unexpected shape {list(given.shape)}")
        rows = np.frombuffer(request.raw_input_contents[0], dtype=np.float32).reshape(given.shape)
        response = service_pb2.ModelInferResponse(model_name=request.model_name, model_version="1")
        for name, (datatype, values) in answers(request.model_name, rows).items():
            response.outputs.add(name=name, datatype=datatype, shape=values.shape)
            response.raw_output_contents.append(raw(datatype, values))
        return response


HTTP = Server(by_http)


@contextmanager
def grpc_server() -> Iterator[str]:
    """Serve, and give the address."""
    server = grpc.server(ThreadPoolExecutor(4))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
