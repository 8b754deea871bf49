"""Checks the export in one format with a tool or a schema that is not ours: check_formats.py FORMAT FILE [SCHEMA]."""

import base64
import csv
import json
import os
import subprocess
import sys
import tempfile


def junit(path, schema):
    from junitparser import JUnitXml
    from lxml import etree

    etree.XMLSchema(etree.parse(schema)).assertValid(etree.parse(path))
    seen = {}
    for suite in JUnitXml.fromfile(path):
        for case in suite:
            kind = type(case.result[0]).__name__.lower() if case.result else "passed"
            seen[kind] = seen.get(kind, 0) + 1
    print(json.dumps(seen))


def oscal(path, _):
    from pathlib import Path

    from trestle.oscal.assessment_results import AssessmentResults

    results = AssessmentResults.oscal_read(Path(path))
    assert results is not None
    with tempfile.TemporaryDirectory() as folder:
        for command in (
            ["init", "--local"],
            ["import", "-f", os.path.abspath(path), "-o", "drills"],
            ["validate", "-t", "assessment-results", "-n", "drills"],
        ):
            trestle = [os.path.join(os.path.dirname(sys.executable), "trestle"), *command]
            subprocess.run(trestle, cwd=folder, check=True, stdout=sys.stderr)
    print(json.dumps({"findings": len(results.results[0].findings or [])}))


def openmetrics(path, _):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(open(path, newline="").read()))
    print(json.dumps({family.name: [[s.labels, s.value] for s in family.samples] for family in families}))


def otlp(path, _):
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    content = json.load(open(path))
    # OTLP/JSON writes identifiers in hexadecimal; the protobuf parser knows only base64. Unknown fields are refused by it.
    for resource in content["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in span:
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    request = ParseDict(content, ExportTraceServiceRequest())
    spans = request.resource_spans[0].scope_spans[0].spans
    ids = {span.span_id for span in spans}
    assert len(ids) == len(spans), "span ids are not unique"
    for span in spans:
        assert len(span.trace_id) == 16 and len(span.span_id) == 8
        assert span.end_time_unix_nano >= span.start_time_unix_nano
        assert not span.parent_span_id or span.parent_span_id in ids
    print(json.dumps({"spans": len(spans)}))


def in_toto(path, _):
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as StatementPb

    count = 0
    for line in open(path, newline="\n"):
        content = json.loads(line)
        ParseDict(content["predicate"], TestResult())
        Statement.copy_from_pb(ParseDict(content, StatementPb())).validate()
        count += 1
    print(json.dumps({"statements": count}))


def table(path, _):
    rows = list(csv.reader(open(path, newline="", encoding="utf-8"), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}, "lines of different lengths"
    print(json.dumps(rows))


def markdown(path, _):
    import cmarkgfm

    print(cmarkgfm.github_flavored_markdown_to_html(open(path, encoding="utf-8").read()))


CHECKS = {
    "junit": junit,
    "oscal": oscal,
    "openmetrics": openmetrics,
    "otlp": otlp,
    "in-toto": in_toto,
    "csv": table,
    "github-summary": markdown,
    "github-comment": markdown,
}
CHECKS[sys.argv[1]](sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
