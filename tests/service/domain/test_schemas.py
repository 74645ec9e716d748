import json
from pathlib import Path

from cloud_events import as_cloudevent

from service.application import Retour
from service.catalog.schemas import ProductBody
from service.domain.events import PAYLOADS
from service.domain.schemas import main, schema_files

FOLDER = Path(__file__).parents[3] / "docs" / "events"


class TestSchemaFiles:
    def test_the_published_schemas_are_those_of_the_code(self) -> None:
        published = {path.name: path.read_text() for path in FOLDER.glob("*.json")}

        assert published == schema_files(), "run: python -m service.domain.schemas docs/events"

    def test_every_type_has_one_that_says_what_it_is(self) -> None:
        for type_ in PAYLOADS:
            schema = json.loads(schema_files()[f"{type_}.json"])
            assert schema["description"]
            assert schema["additionalProperties"] is False

    def test_writing_them_removes_those_of_types_that_are_gone(self, tmp_path: Path) -> None:
        (tmp_path / "order.eaten.json").write_text("{}")

        main(tmp_path)

        assert {path.name for path in tmp_path.iterdir()} == set(schema_files())


class TestAsCloudEvent:
    def test_it_has_the_required_attributes_and_the_payload_as_data(self, retour: Retour) -> None:
        retour.catalog.put("MUG", ProductBody(title="陶瓷杯"))
        (event,) = retour.read_log(0, 1)

        rendered = as_cloudevent(event)

        assert rendered["specversion"] == "1.0"
        assert (rendered["type"], rendered["subject"]) == ("product.upserted", "MUG")
        assert rendered["time"] == "2026-03-02T12:00:00.000000Z"
        assert rendered["data"]["title"] == "陶瓷杯"
        assert rendered["sequence"] == "1"

    def test_attribute_names_and_values_are_those_that_cloudevents_allows(
        self, retour: Retour
    ) -> None:
        retour.catalog.put("MUG", ProductBody(title="a mug"))
        rendered = as_cloudevent(retour.read_log(0, 1)[0])

        for name, value in rendered.items():
            assert name.isalnum()
            assert name == name.lower()
            assert value is not None
            assert name == "data" or isinstance(value, str | int)
