import pytest

from pipelines import steps
from pipelines.steps import SQL_DIR
from pipelines.warehouse.kept_models import KEPT, read_models
from pipelines.warehouse.models import ModelError, load_models

SELECT = "select order_id from lake.order_placed"


@pytest.fixture
def folder(tmp_path):
    kept_in = tmp_path / "var"
    kept_in.mkdir()
    return kept_in


@pytest.fixture
def read(sql_dir, folder):
    """Reads as a process does that was just started."""

    def reading():
        read_models.cache_clear()
        return read_models(sql_dir, folder)

    yield reading
    read_models.cache_clear()


@pytest.fixture
def orders(write, read):
    """One relation that was read, and is kept."""
    path = write("staging.orders", SELECT, ["order_id"], owner="data")
    read()
    return path


def _reword(folder, said, instead):
    path = folder / KEPT
    path.write_text(path.read_text().replace(said, instead))


class TestReadModels:
    def test_gives_all_relations_as_if_they_were_read_anew(self, folder):
        for _ in range(2):
            read_models.cache_clear()
            read = read_models(SQL_DIR, folder)
        anew = tuple(load_models(SQL_DIR))
        assert read == anew
        assert [repr(model.plan) for model in read] == [repr(model.plan) for model in anew]

    def test_takes_them_from_what_is_kept(self, orders, read, folder):
        _reword(folder, "What a test needs.", "As it was kept.")
        assert read()[0].header.description == "As it was kept."

    def test_several_installations_share_them_where_a_setting_names_the_folder(
        self, orders, sql_dir, folder, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(steps, "SQL_DIR", sql_dir)
        monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path / "another"))
        monkeypatch.setenv("RETOUR_CACHE_DIR", str(folder))
        _reword(folder, "What a test needs.", "As it was kept.")
        read_models.cache_clear()
        assert steps.relations()[0].header.description == "As it was kept."

    def test_reads_anew_what_changed(self, orders, write, read):
        write("staging.orders", SELECT, ["order_id"], owner="operations")
        assert read()[0].header.owner == "operations"

    def test_reads_anew_where_a_file_came(self, orders, write, read):
        write("staging.lines", "select sku from lake.order_placed_lines", ["sku"])
        assert len(read()) == 2

    def test_reads_anew_where_a_file_went(self, orders, write, read):
        write("staging.lines", "select sku from lake.order_placed_lines", ["sku"])
        read()
        orders.unlink()
        assert [model.relation for model in read()] == ["staging.lines"]

    def test_trusts_no_other_version_of_sqlglot(self, orders, read, folder, monkeypatch):
        _reword(folder, "What a test needs.", "As it was kept.")
        monkeypatch.setattr("pipelines.warehouse.kept_models.version", lambda _: "0.1")
        assert read()[0].header.description == "What a test needs."

    @pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe"])
    def test_replaces_what_it_cannot_read(self, content, orders, read, folder):
        (folder / KEPT).write_bytes(content)
        assert read()[0].relation == "staging.orders"
        _reword(folder, "What a test needs.", "As it was kept.")
        assert read()[0].header.description == "As it was kept."

    def test_needs_nowhere_to_keep_them(self, write, sql_dir, tmp_path):
        write("staging.orders", SELECT, ["order_id"])
        read_models.cache_clear()
        assert len(read_models(sql_dir, tmp_path / "none")) == 1
        assert not (tmp_path / "none").exists()

    def test_tells_of_a_mistake_each_time(self, orders, write, read):
        write("staging.orders", SELECT, ["customer"])
        for _ in range(2):
            with pytest.raises(ModelError, match="order_id"):
                read()

    def test_leaves_no_draft(self, orders, folder):
        assert [path.name for path in folder.iterdir()] == [KEPT]
