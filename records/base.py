"""The declarative base, names of constraints, and the column types that every record shares."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from geoalchemy2 import Geography, Geometry
from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, UserDefinedType

from geo import cells

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Cell(TypeDecorator[str]):
    """An H3 cell: `str` in Python, `bigint` in the table."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002  (SQLAlchemy's form)
        """Turn a cell into the number the table keeps."""
        return None if value is None else cells.to_int(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Turn the table's number back into a cell."""
        return None if value is None else cells.from_int(value)


class Base(DeclarativeBase):
    """Every record: `network_id` leads its key."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it as declared)
        datetime: DateTime(timezone=True),
        str: Text(),
    }


NetworkId = Annotated[int, mapped_column(Integer, ForeignKey("network.id"), primary_key=True)]
PlainNetworkId = Annotated[int, mapped_column(Integer, primary_key=True)]
Id = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Big = Annotated[int, mapped_column(BigInteger)]
Small = Annotated[int, mapped_column(SmallInteger)]
CellColumn = Annotated[str, mapped_column(Cell)]
Ids = Annotated[list[int], mapped_column(ARRAY(BigInteger))]
Words = Annotated[list[str], mapped_column(ARRAY(Text))]
Json = Annotated[Any, mapped_column(JSONB)]
PointColumn = Annotated[Any, mapped_column(Geography("POINT", srid=4326, spatial_index=False))]
MultiPolygonColumn = Annotated[Any, mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))]
LineColumn = Annotated[Any, mapped_column(Geometry("LINESTRING", srid=4326, spatial_index=False))]
ShapeColumn = Annotated[Any, mapped_column(Geometry("GEOMETRY", srid=4326, spatial_index=False))]


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id, text in Python."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type as the database does."""
        return "xid8"
