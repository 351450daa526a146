"""What the operators' commands share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer

from consumers.engine.model import Unavailable
from consumers.quarantine import readable
from infra.kafka import KafkaError
from infra.logging import configure
from infra.mongo import Database, PyMongoError, connect
from infra.running import resolve
from infra.settings import Settings, load

T = TypeVar("T")
Id = Annotated[str, typer.Argument(metavar="ID", help="as `list` shows it")]
Every = Annotated[bool, typer.Option("--all", help="settled ones too")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


def as_json(row: Mapping[str, Any]) -> str:
    """A row as people read it."""
    return orjson.dumps(row, default=readable, option=orjson.OPT_INDENT_2).decode()


def run(work: Callable[[Settings, Database], Awaitable[T]]) -> T:
    async def connected() -> T:
        settings = resolve(load())
        configure(settings)
        async with connect(settings) as db:
            return await work(settings, db)

    try:
        return asyncio.run(connected())
    except ValueError as error:
        fail(str(error))
    except KafkaError as error:
        fail(f"Kafka did not do it ({type(error).__name__}). Check TOWNHALL_KAFKA and try again.")
    except (PyMongoError, Unavailable) as error:
        fail(f"MongoDB did not do it ({type(error).__name__}). Check TOWNHALL_MONGO and try again.")


def fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
