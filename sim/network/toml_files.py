"""Read a TOML file into a declared model, and turn every fault into a sentence with file, key and likely meant name."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.errors import InputError, did_you_mean

__all__ = ["Declared", "read_toml"]

Model = TypeVar("Model", bound=BaseModel)


class Declared(BaseModel):
    """A part of a TOML file: its keys are the fields, and any other key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Return the file as a `model`.

    Raises
    ------
    InputError: the file is missing, is not UTF-8, is not TOML, or holds unknown keys or wrong values; all are listed.
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError:
        raise InputError(f"{path}: file is missing") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: is not valid TOML: {error}") from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError([_sentence(path.name, item, model) for item in error.errors()]) from None


def _sentence(file: str, item: object, model: type[BaseModel]) -> str:
    """Turn one pydantic error into 'file: key: what is wrong'."""
    assert isinstance(item, dict)
    location = [str(part) for part in item["loc"]]
    key = ".".join(location)
    if item["type"] == "extra_forbidden":
        return f"{file}: unknown key '{key}'{did_you_mean(location[-1], _keys_at(model, location[:-1]))}"
    if item["type"] == "missing":
        return f"{file}: key '{key}' is missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    value = item.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int | float | bool) else ""
    return f"{file}: {key}: {message[:1].lower()}{message[1:]}{shown}"


def _keys_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Return the keys allowed at a place in the file, as far as the model tells."""
    current: type[BaseModel] = model
    for part in location:
        field = current.model_fields.get(part)
        inner = _models_in(field.annotation) if field is not None else []
        if not inner:
            continue
        current = inner[0]
    return list(current.model_fields)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """Return the models named inside a type annotation such as dict[str, X] or X | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments: tuple[object, ...] = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]
