"""Where the subject of a picture is: a soft mask, faces, the point to frame around."""

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV's stubs know no narrower type that its functions also return.
Image = NDArray[Any]  # uint8, height x width x blue, green, red
Field = NDArray[Any]  # float32, height x width

MASK_SIDE = 320  # what u2netp was trained on
FACE_SIDE = 192  # what BlazeFace full range was trained on
FACE_CELL = 4  # pixels between its anchors
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SPREAD = (0.229, 0.224, 0.225)


class Face(NamedTuple):
    """A face's box in pixels, and how sure the network is, 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    score: float


@cache
def _network(name: str) -> cv2.dnn.Net:
    weights = np.frombuffer(
        files("bot").joinpath("weights", name).read_bytes(), np.uint8
    )
    read = (
        cv2.dnn.readNetFromTFLite
        if name.endswith("tflite")
        else cv2.dnn.readNetFromONNX
    )
    return read(weights)


def mask(picture: Image) -> Field:
    """How much each pixel belongs to the subject, 0 to 1."""
    small = cv2.resize(picture, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)
    colours = small[..., ::-1].astype(np.float32) / 255
    colours = (colours - np.array(IMAGENET_MEAN, np.float32)) / np.array(
        IMAGENET_SPREAD, np.float32
    )
    network = _network("u2netp.onnx")
    network.setInput(np.ascontiguousarray(colours.transpose(2, 0, 1)[None]))
    found = network.forward()[0, 0]
    height, width = picture.shape[:2]
    return cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)


def faces(picture: Image, *, sure: float = 0.6) -> list[Face]:
    """Faces of at least some 3 % of the picture's longer side."""
    height, width = picture.shape[:2]
    scale = FACE_SIDE / max(height, width)
    fitted = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, fitted, interpolation=cv2.INTER_AREA)
    left, top = (FACE_SIDE - fitted[0]) // 2, (FACE_SIDE - fitted[1]) // 2
    padded = np.zeros((FACE_SIDE, FACE_SIDE, 3), np.uint8)
    padded[top : top + fitted[1], left : left + fitted[0]] = small
    boxes, scores = _look_for_faces(padded)
    good = scores > sure
    boxes, scores = boxes[good], scores[good]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), sure, 0.3)
    return [
        Face(
            float((boxes[i, 0] - left) / scale),
            float((boxes[i, 1] - top) / scale),
            float(boxes[i, 2] / scale),
            float(boxes[i, 3] / scale),
            float(scores[i]),
        )
        for i in np.array(kept, int).reshape(-1)
    ]


def _look_for_faces(padded: Image) -> tuple[Field, Field]:
    """Boxes (left, top, width, height) and scores of every anchor."""
    network = _network("face_detection_full_range.tflite")
    size = (FACE_SIDE, FACE_SIDE)
    blob = cv2.dnn.blobFromImage(padded, 1 / 127.5, size, (127.5,) * 3, swapRB=True)
    network.setInput(blob)
    # OpenCV 5.0 hands out one output of a TFLite network per call.
    raw = network.forward("reshaped_classifier_face_4").reshape(-1)
    box = network.forward("reshaped_regressor_face_4").reshape(-1, 16)
    centres = (np.arange(FACE_SIDE // FACE_CELL, dtype=np.float32) + 0.5) * FACE_CELL
    rows, columns = np.meshgrid(centres, centres, indexing="ij")
    middle_x = box[:, 0] + columns.reshape(-1)
    middle_y = box[:, 1] + rows.reshape(-1)
    width, height = box[:, 2], box[:, 3]
    boxes = np.stack([middle_x - width / 2, middle_y - height / 2, width, height], 1)
    scores = 1 / (1 + np.exp(-np.clip(raw, -80, 80)))
    return boxes.astype(np.float32), scores.astype(np.float32)


def centre(soft_mask: Field, found: list[Face]) -> tuple[float, float]:
    """The point to frame around, as shares of width and height.

    The largest face a little below its middle, else the upper part of the subject,
    else the middle of the picture.
    """
    height, width = soft_mask.shape
    if found:
        face = max(found, key=lambda f: f.width * f.height)
        return (
            min(1.0, max(0.0, (face.x + face.width / 2) / width)),
            min(1.0, max(0.0, (face.y + face.height * 0.75) / height)),
        )
    rows, columns = np.nonzero(soft_mask > 0.5)
    if len(rows) < soft_mask.size * 0.004:
        return 0.5, 0.5
    return float(np.median(columns)) / width, float(np.percentile(rows, 38)) / height
