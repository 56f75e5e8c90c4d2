import json
from pathlib import Path

import pytest

from streamrec.bert.folder import CROSS_ENCODER, DIGESTS, FILES, SHIPPED, ModelFolder, seal, verify
from streamrec.errors import DigestMismatch, ModelError, ModelMissing


def test_the_shipped_folder_is_sound_and_fits_the_package() -> None:
    folder = ModelFolder.load()
    assert folder.path == SHIPPED
    assert set(verify(SHIPPED).values()) == {"ok"}
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*")) < 38_000_000


def test_the_card_names_data_licences_seed_and_commands() -> None:
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for fact in ("10.24432/C5BW33", "CC BY 4.0", "CC BY-SA 4.0", "MIT-0", "Apache-2.0", "seed", "streamrec train ranker", "NDCG@10"):
        assert fact in card


@pytest.mark.parametrize("name", [DIGESTS, *FILES])
def test_a_folder_without_one_of_its_files_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelMissing, match=name):
        ModelFolder.load(folder)


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="streamrec export"):
        ModelFolder.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [*FILES, CROSS_ENCODER])
def test_one_changed_byte_in_any_file_refuses_the_folder(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DigestMismatch, match=rf"{name}.*streamrec models verify"):
        ModelFolder.load(folder)


def test_a_file_that_nobody_published_refuses_the_folder(folder: Path) -> None:
    (folder / "onnx" / "extra.onnx").write_bytes(b"x")
    with pytest.raises(DigestMismatch, match="unpublished"):
        ModelFolder.load(folder)


def test_digests_that_cannot_be_read_are_refused(folder: Path) -> None:
    (folder / DIGESTS).write_text("[]")
    with pytest.raises(ModelError, match=DIGESTS):
        ModelFolder.load(folder)


def test_the_configuration_of_another_model_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    seal(folder)
    with pytest.raises(ModelError, match=r"config\.json"):
        ModelFolder.load(folder)


def test_the_revision_changes_with_any_file(folder: Path) -> None:
    before = ModelFolder.load(folder).revision
    config = json.loads((folder / "config.json").read_text())
    config["streamrec"]["name"] = "other"
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    assert ModelFolder.load(folder).revision != before


def test_a_cross_encoder_may_only_be_missing_where_the_folder_says_that_there_is_none(folder: Path) -> None:
    for file in (folder / "onnx").glob("cross_encoder*"):
        file.unlink()
    seal(folder)
    with pytest.raises(ModelMissing, match=CROSS_ENCODER):
        ModelFolder.load(folder)
    config = json.loads((folder / "config.json").read_text())
    config["streamrec"]["cross"] = False
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    assert ModelFolder.load(folder).limits.cross is False
