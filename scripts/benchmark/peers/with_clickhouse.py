"""The digest by ClickHouse inside the process (chdb), from text to text compressed as the output's name says."""

from __future__ import annotations

import chdb
from question import COLUMNS, Question, asked

TYPES = ", ".join(
    f"`{column.replace('-', '_')}` {f'UInt{bits}' if bits else 'String'}" for column, bits in COLUMNS.items()
)

DIGEST = """
INSERT INTO FUNCTION file('{output}', 'CustomSeparated')
WITH edges AS (
    SELECT account_id, interface_id, srcaddr, dstaddr,
           if(srcport < dstport, srcport, 0) AS src, if(srcport < dstport, 0, dstport) AS dst,
           protocol, action, sum(packets) AS packets, sum(bytes) AS bytes, min(start) AS first, max(`end`) AS last
    FROM file('{logs}/**/*.log.gz', 'CustomSeparatedWithNames', '{types}')
    WHERE log_status = 'OK' AND start >= {start} AND start < {stop}
    GROUP BY account_id, interface_id, srcaddr, dstaddr, src, dst, protocol, action
    SETTINGS format_custom_escaping_rule = 'CSV', format_csv_delimiter = ' ', format_csv_null_representation = '-',
        input_format_with_names_use_header = 0
)
SELECT 2, account_id, interface_id, srcaddr, dstaddr, src, dst, protocol, packets, bytes,
       min(first) OVER (), max(last) OVER (), action, 'OK'
FROM edges
ORDER BY account_id, interface_id, srcaddr, dstaddr, src, dst, protocol, action
SETTINGS max_threads = {threads}, format_custom_field_delimiter = ' ', format_custom_escaping_rule = 'Raw',
    engine_file_truncate_on_insert = 1, output_format_compression_level = 1
"""


def digest(question: Question) -> None:
    """Answers the question."""
    made = DIGEST.format(
        output=question.output,
        logs=question.logs,
        types=TYPES,
        start=question.start,
        stop=question.stop,
        threads=question.threads,
    )
    chdb.query(made)


if __name__ == "__main__":
    digest(asked(__doc__))
