"""The digest by polars, from text or Parquet to text compressed as the output's name says."""

from __future__ import annotations

import os

from question import COLUMNS, Question, asked

KEY = ["account_id", "interface_id", "srcaddr", "dstaddr", "src", "dst", "protocol", "action"]


def digest(question: Question) -> None:
    """Answers the question."""
    os.environ["POLARS_MAX_THREADS"] = str(question.threads)
    import polars  # reads the number of threads once, when it is imported

    column, constant = polars.col, polars.lit
    if question.parquet:
        records = polars.scan_parquet(question.files)
    else:
        types = {None: polars.String, 8: polars.UInt8, 16: polars.UInt16, 32: polars.UInt32, 64: polars.UInt64}
        schema = {name: types[bits] for name, bits in COLUMNS.items()}
        records = polars.scan_csv(question.files, separator=" ", schema=schema, null_values="-", quote_char=None)
        records = records.rename({name: name.replace("-", "_") for name in COLUMNS})
    up = column("srcport") < column("dstport")
    edges = (
        records.filter(
            (column("log_status") == "OK") & (column("start") >= question.start) & (column("start") < question.stop)
        )
        .with_columns(
            src=polars.when(up).then(column("srcport")).otherwise(0),
            dst=polars.when(up).then(0).otherwise(column("dstport")),
        )
        .group_by(KEY)
        .agg(column("packets").sum(), column("bytes").sum(), column("start").min(), column("end").max())
        .sort(KEY)
        .select(
            constant(2).alias("version"),
            *KEY[:-1],
            "packets",
            "bytes",
            column("start").min(),
            column("end").max(),
            "action",
            constant("OK").alias("log_status"),
        )
    )
    edges.sink_csv(
        question.output,
        include_header=False,
        separator=" ",
        quote_style="never",
        compression="zstd" if question.output.endswith(".zst") else "gzip",
        compression_level=1,
        engine="streaming",
    )


if __name__ == "__main__":
    digest(asked(__doc__))
