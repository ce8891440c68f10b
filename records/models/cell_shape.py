"""The shape of an H3 cell, worked out once; the same for every network."""

from __future__ import annotations

from typing import Annotated, Any

from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, CellColumn

PolygonColumn = Annotated[Any, mapped_column(Geometry("POLYGON", srid=4326, spatial_index=False))]
CentreColumn = Annotated[Any, mapped_column(Geometry("POINT", srid=4326, spatial_index=False))]


class CellShape(Base):
    """The shape of an H3 cell, worked out once; the same for every network."""

    __tablename__ = "cell_shape"

    cell: Mapped[CellColumn] = mapped_column(primary_key=True)
    boundary: Mapped[PolygonColumn]
    centre: Mapped[CentreColumn]
