"""Files for tests of what reads them: databases, workbooks and bytes, written by hand."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Values = dict[str, list[Any]]
Made = bytes | Callable[[Path], None]


def database(*statements: str, name: str = "t") -> Callable[[Path], None]:
    def make(path: Path) -> None:
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return make


def workbook(*sheets: tuple[str, list[list[object]]]) -> Callable[[Path], None]:
    """A small workbook, written by hand: texts inline, numbers as they are."""

    def cell(value: object) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, bool):
            return f'<c t="b"><v>{int(value)}</v></c>'
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    def make(path: Path) -> None:
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006"
        numbers = range(1, len(sheets) + 1)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(
                "[Content_Types].xml",
                f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
                'ContentType="application/xml"/><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
            )
            archive.writestr(
                "_rels/.rels",
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            )
            listed = "".join(
                f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>'
                for n, (name, _) in zip(numbers, sheets, strict=True)
            )
            archive.writestr(
                "xl/workbook.xml",
                f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{listed}</sheets>'
                "</workbook>",
            )
            targets = "".join(
                f'<Relationship Id="r{n}" Type="{relations}/worksheet" '
                f'Target="worksheets/sheet{n}.xml"/>'
                for n in numbers
            )
            archive.writestr(
                "xl/_rels/workbook.xml.rels",
                f'<Relationships xmlns="{package}/relationships">{targets}</Relationships>',
            )
            for n, (_, rows) in zip(numbers, sheets, strict=True):
                cells = "".join(
                    f"<row>{''.join(cell(value) for value in row)}</row>" for row in rows
                )
                archive.writestr(
                    f"xl/worksheets/sheet{n}.xml",
                    f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
                )

    return make


def parquet(table: pa.Table) -> Callable[[Path], None]:
    return lambda path: pq.write_table(table, path)


def written(tmp_path: Path, made: Made, name: str = "odd.csv") -> Path:
    path = tmp_path / name
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        made(path)
    return path
