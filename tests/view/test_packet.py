import json
import struct

import numpy as np
import pytest

from medlab.view import packet
from medlab.view.masks import layered
from medlab.view.stack import stacked


@pytest.mark.parametrize("density", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_mask_coding_is_undone_exactly(density, seed):
    rng = np.random.default_rng(seed)
    codes = np.where(rng.random((37, 53)) < density, rng.integers(1, 256, (37, 53)), 0).astype(np.uint8)
    block, coding = packet.encode_runs(codes)
    assert np.array_equal(packet.decode_runs(block, coding, codes.size), codes.ravel())


def test_an_empty_mask_takes_no_bytes():
    assert packet.encode_runs(np.zeros((512, 512), np.uint8)) == (b"", "rle")


def test_a_mask_never_takes_more_than_a_byte_per_voxel(rng):
    block, _ = packet.encode_runs(rng.integers(0, 2, (64, 64)).astype(np.uint8))
    assert len(block) <= 64 * 64


def test_runs_longer_than_24_bits_are_split():
    codes = np.ones(2**24 + 5, np.uint8)
    block, coding = packet.encode_runs(codes)
    assert packet.decode_runs(block, coding, codes.size).sum() == codes.size


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_packet_holds_the_planes_it_says(ball, axis):
    stack = stacked(ball)
    masks = layered(stack, ball.array > 0)
    block = packet.pack(packet.pieces(stack, masks, axis, [7, 3]))
    (length,) = struct.unpack_from("<I", block)
    header = json.loads(block[4 : 4 + length])
    data = block[4 + length :]
    assert [(p["axis"], p["time"], p["index"]) for p in header] == [(axis, 0, 7), (axis, 0, 3)]
    for piece in header:
        at, size = piece["image"]
        plane = np.take(ball.array, piece["index"], axis=axis)
        assert at % 8 == 0
        assert np.array_equal(np.frombuffer(data[at : at + size], np.int16), plane.ravel())
        at, size, coding = piece["masks"][0]
        assert np.array_equal(
            packet.decode_runs(data[at : at + size], coding, plane.size), (plane > 0).ravel()
        )


def test_the_data_start_where_typed_arrays_can(ball):
    block = packet.pack(packet.pieces(stacked(ball), layered(stacked(ball), None), 0, [0]))
    assert (4 + struct.unpack_from("<I", block)[0]) % 8 == 0


def test_the_nearest_come_first():
    assert packet.nearest_first(2, 6) == [2, 3, 1, 4, 0, 5]
    assert packet.nearest_first(0, 3) == [0, 1, 2]
