from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture

import medlab
from medlab.train import Files, fit, index_folder, read_picture


@pytest.fixture
def folder(tmp_path, rng):
    for name, level in (("normal", 60), ("ill", 160)):
        (tmp_path / name).mkdir()
        for k in range(12):
            pixels = np.clip(rng.normal(level, 20, size=(20, 16)), 0, 255).astype(np.uint8)
            Picture.fromarray(pixels).save(tmp_path / name / f"person{k // 2}_{k}.png")
    (tmp_path / "normal" / ".hidden.png").write_bytes(b"")
    return tmp_path


def test_a_folder_becomes_a_table_with_classes_and_patients(folder):
    table = index_folder(folder, patient=r"person(\d+)")
    assert table.groupby("label_name").label.unique().map(list).to_dict() == {"ill": [0], "normal": [1]}
    assert len(table) == 24
    assert table.patient.nunique() == 12
    assert table.patient.iloc[0] == "ill/0"


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one folder of images per class"):
        index_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        index_folder(tmp_path / "absent")


def test_pictures_are_scaled_and_resampled(folder):
    path = folder / "ill" / "person0_0.png"
    plain = np.asarray(Picture.open(path), np.float32)[..., None] / 255
    np.testing.assert_allclose(read_picture(path), plain)
    small = read_picture(path, (10, 8), channels=3)
    assert small.shape == (10, 8, 3)
    np.testing.assert_allclose(small[..., 0], plain[..., 0].reshape(10, 2, 8, 2).mean(axis=(1, 3)), atol=0.08)


def test_a_radiograph_stored_as_a_negative_is_turned_round(tmp_path):
    import pydicom

    header = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm", download=False))
    pictures = []
    for meaning in ("MONOCHROME1", "MONOCHROME2"):
        header.PhotometricInterpretation = meaning
        header.save_as(tmp_path / f"{meaning}.dcm")
        pictures.append(read_picture(tmp_path / f"{meaning}.dcm"))
    np.testing.assert_allclose(pictures[0], 1 - pictures[1], atol=1e-6)


def test_a_model_learns_from_files(folder):
    table = index_folder(folder, patient=r"person(\d+)")
    parts = medlab.train.split(table, stratify="label", seed=1)
    train, val = (
        Files(table.iloc[rows], lambda path: read_picture(path, (16, 16)), batch_size=4, seed=seed)
        for rows, seed in ((parts.train, 0), (parts.val, None))
    )
    medlab.train.set_seed(0)
    model = medlab.models.classifier((16, 16, 1), filters=(4,))
    history = fit(model, train, val, epochs=8, patience=None, learning_rate=0.02, verbose=False)
    assert history.best.val_auc > 0.9


def test_every_row_comes_once_an_epoch_in_a_new_order():
    table = pd.DataFrame({"path": range(10), "label": range(10)})
    batches = Files(table, lambda path: np.full((2, 2, 1), path), batch_size=3)
    orders = []
    for _ in range(2):
        orders.append([int(v) for k in range(len(batches)) for v in batches[k][1]])
        batches.on_epoch_end()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert orders[0] != orders[1]


def test_masks_are_read_from_files_too():
    table = pd.DataFrame({"path": [1, 2], "mask": [3, 4]})
    batches = Files(
        table,
        lambda path: np.full((2, 2, 1), path),
        target="mask",
        read_target=lambda path: np.full((2, 2), path),
        seed=None,
    )
    assert batches[0][1][:, 0, 0].tolist() == [3, 4]


def read_all_but(broken):
    def read(path):
        if path in broken:
            raise OSError("cut off")
        return np.zeros((2, 2, 1))

    return read


def test_a_broken_file_is_left_out_and_named():
    table = pd.DataFrame({"path": range(40), "label": range(40)})
    batches = Files(table, read_all_but({7}), batch_size=8, seed=None)
    x, y = batches[0]
    assert (len(x), y.tolist()) == (7, [0, 1, 2, 3, 4, 5, 6])
    assert batches.failed == {7: "OSError: cut off"}


def test_a_picture_cut_off_is_left_out_and_named(folder):
    table = index_folder(folder)
    broken = table.path.iloc[3]
    whole = Path(broken).read_bytes()
    Path(broken).write_bytes(whole[: len(whole) // 2])
    batches = Files(table, read_picture, batch_size=24, seed=None)
    x, _ = batches[0]
    assert len(x) == 23
    assert list(batches.failed) == [broken]
    assert "\n" not in batches.failed[broken]


def test_many_broken_files_stop_the_training():
    table = pd.DataFrame({"path": range(40), "label": range(40)})
    batches = Files(table, read_all_but({1, 2, 3}), batch_size=40)
    with pytest.raises(ValueError, match="3 of 40 files could not be read; the last: cut off"):
        batches[0]


def test_a_table_without_the_column_is_refused():
    with pytest.raises(ValueError, match=r"columns 'path' and 'label'; it has \['file'\]"):
        Files(pd.DataFrame({"file": [1]}), read_all_but(set()))
