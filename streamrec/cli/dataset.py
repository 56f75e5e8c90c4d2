"""`streamrec dataset`: public data sets as items and events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.output import emit
from streamrec.datasets import amazon as amazon_reviews
from streamrec.datasets import uci as online_retail
from streamrec.datasets.lines import write_lines
from streamrec.datasets.listings import listing, relisted
from streamrec.datasets.tables import LeftOut

app = typer.Typer(no_args_is_help=True, help="Turn public data sets into items.jsonl and events.jsonl.")


@app.callback()
def dataset() -> None:
    """Turn public data sets into items.jsonl and events.jsonl."""


@app.command()
def uci(
    invoices: Annotated[Path, typer.Argument(help="invoices.csv or invoices.csv.gz of UCI Online Retail.")],
    out_dir: Annotated[Path, typer.Argument(help="Folder for items.jsonl and events.jsonl; made when it is not there.")],
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Leave out events before this day (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave out events from this day on (UTC).")] = None,
    listed_before: Annotated[
        str,
        typer.Option(
            metavar="FORM", help="When items are listed: first-sale, first-of-month, shuffled, never, or days before the first sale."
        ),
    ] = "first-sale",
    compress: Annotated[bool, typer.Option("--gzip", help="Write .jsonl.gz.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Convert UCI Online Retail; all items, and the events of the days given."""
    listing(listed_before)
    suffix = ".jsonl.gz" if compress else ".jsonl"
    with Progress(console=Console(stderr=True), transient=True) as progress:
        size = invoices.stat().st_size if invoices.exists() else 0
        task = progress.add_task("reading invoices", total=size)
        table = online_retail.read_invoices(invoices, lambda raw: progress.wrap_file(raw, task_id=task))
    out_dir.mkdir(parents=True, exist_ok=True)
    listed = table.items()
    first_sales = {item["item_id"]: item["created_ts"] for item in listed}
    items = write_lines(out_dir / f"items{suffix}", relisted(listed, first_sales, listed_before))
    days = (online_retail.day_ms(day.date()) if day else None for day in (start, until))
    events = write_lines(out_dir / f"events{suffix}", table.events(*days))
    summary = {"rows": table.rows, "items": items, "events": events, **_report(table.left_out)}
    emit(as_json, summary, "\n".join([f"{table.rows} rows: {items} items, {events} events in {out_dir}", *table.left_out.lines()]))


@app.command()
def amazon(
    folder: Annotated[Path, typer.Argument(help="Folder with CATEGORY.item.json, CATEGORY.valid.csv and CATEGORY.test.csv, or .gz.")],
    out_dir: Annotated[Path, typer.Argument(help="Folder for items.jsonl and events.jsonl; made when it is not there.")],
    category: Annotated[str, typer.Option(help="The first part of the files' names.")] = "Industrial_and_Scientific",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Convert Amazon reviews prepared for next-item prediction. Their order is real; times are made up, one an hour; prices are 0."""
    reviews = amazon_reviews.read_reviews(folder, category)
    out_dir.mkdir(parents=True, exist_ok=True)
    items = write_lines(out_dir / "items.jsonl", reviews.items)
    events = write_lines(out_dir / "events.jsonl", reviews.events())
    summary = {"items": items, "events": events, "test_from": reviews.test_from, **_report(reviews.left_out)}
    head = f"{items} items, {events} events in {out_dir}; the rows of test.csv begin at {reviews.test_from}"
    emit(as_json, summary, "\n".join([head, *reviews.left_out.lines()]))


def _report(left_out: LeftOut) -> dict[str, Any]:
    return {"left_out": dict(sorted(left_out.counts.items())), "left_out_first": left_out.places}
