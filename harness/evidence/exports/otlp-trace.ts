import type { Verdict } from '../../model/record.ts';
import { sha256Of } from '../ledger/statement.ts';
import { jsonText } from '../well-formed.ts';
import type { ExportedRun } from './exported-run.ts';
import type { ResultGroup } from './result-groups.ts';

// A trace for each drill, in the JSON form of OTLP (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), which the
// collector's `otlpjsonfile` receiver reads. The OpenTelemetry SDK does not fit: it times events while it runs and makes random
// identifiers, but these events are in the past. CI checks the result against the official protocol definition.

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events?: readonly { readonly timeUnixNano: string; readonly name: string }[];
  readonly status: { readonly code: 0 | 1 | 2; readonly message?: string };
}

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, string | number | boolean>> };

/** A breach is a failure of the platform; an unproven result is an error of the test (semantic conventions, `cicd.pipeline.result`). */
const RESULTS: Readonly<Record<Verdict, 'success' | 'failure' | 'error'>> = {
  met: 'success',
  'at-risk': 'success',
  breached: 'failure',
  unproven: 'error',
};

/** One `ExportTraceServiceRequest` for the whole run; every drill is a trace of its own. */
export function* renderOtlpTrace(run: ExportedRun, groups: readonly ResultGroup[]): Generator<string> {
  const resource = attributes({
    'service.name': 'dr-contracts',
    'service.version': run.harnessVersion,
    'vcs.ref.head.revision': run.commit,
    'cicd.pipeline.run.url.full': run.ranBy?.runUrl,
    'dr_contracts.run.id': run.runId,
  });
  yield `{"resourceSpans":[{"resource":{"attributes":${jsonText(resource)}},"scopeSpans":[{"scope":{"name":"dr-contracts"},"spans":[`;
  let separator = '\n';
  for (const group of groups) {
    for (const span of spansOf(group)) {
      yield `${separator}${jsonText(span)}`;
      separator = ',\n';
    }
  }
  yield '\n]}]}]}\n';
}

function spansOf(group: ResultGroup): readonly Span[] {
  const { drill, verdict, sentence, contract, disaster, priority, owner, figures } = group;
  if (drill === null) return [];
  const { moments } = drill;
  const beganNs = nanoseconds(moments.began.utc);
  /** Converts a moment of the record's monotonic clock to UTC, from the UTC time of the record's beginning. */
  const at = (monotonicMs: number) => beganNs + milliseconds(monotonicMs - moments.began.monotonicMs);
  const known = Object.values(moments).flatMap((moment) => (moment === null ? [] : [moment.monotonicMs]));
  const lastMs = moments.ended?.monotonicMs ?? Math.max(...known);
  const traceId = sha256Of(`${drill.runId}/${drill.drillId}`).slice(0, 32);
  const spanId = (name: string) => sha256Of(`${drill.runId}/${drill.drillId}/${name}`).slice(0, 16);
  const root = spanId('drill');
  const common = { traceId, kind: 1 as const };
  const events = Object.entries(moments).flatMap(([name, moment]) =>
    moment === null || name === 'began' || name === 'ended'
      ? []
      : [{ timeUnixNano: `${at(moment.monotonicMs)}`, name }],
  );
  const spans: Span[] = [
    {
      ...common,
      spanId: root,
      name: `drill ${contract} ${disaster}`,
      startTimeUnixNano: `${beganNs}`,
      endTimeUnixNano: `${at(lastMs)}`,
      attributes: attributes({
        'cicd.pipeline.result': RESULTS[verdict],
        'test.suite.name': `${contract}/${disaster}`,
        'dr_contracts.verdict': verdict,
        'dr_contracts.contract': contract,
        'dr_contracts.disaster': disaster,
        'dr_contracts.owner': owner,
        'dr_contracts.priority': priority,
        'dr_contracts.target': drill.environment.target,
        'dr_contracts.drill.id': drill.drillId,
        'dr_contracts.rto_ms': figures.rtoMs,
        'dr_contracts.rta_ms': figures.rtaMs,
        'dr_contracts.rpo_ms': figures.rpoMs,
        'dr_contracts.rpa_ms': figures.rpaMs,
        'dr_contracts.exposure_ms': figures.exposureMs,
        'dr_contracts.keeps_no_data': figures.keepsNoData === true ? true : null,
      }),
      events: events.toSorted((a, b) => (BigInt(a.timeUnixNano) < BigInt(b.timeUnixNano) ? -1 : 1)),
      status: RESULTS[verdict] === 'success' ? { code: 1 } : { code: 2, message: sentence },
    },
  ];
  // Stages and phases have durations and follow one another. Phases begin at the disaster.
  let stageAt = moments.began.monotonicMs;
  for (const [index, { name, durationMs, outcome }] of drill.stages.entries()) {
    spans.push({
      ...common,
      spanId: spanId(`stage ${index} ${name}`),
      parentSpanId: root,
      name: `stage ${name}`,
      startTimeUnixNano: `${at(stageAt)}`,
      endTimeUnixNano: `${at(stageAt + durationMs)}`,
      attributes: attributes({ 'dr_contracts.stage': name }),
      status: { code: outcome === 'failed' ? 2 : 0 },
    });
    stageAt += durationMs;
  }
  let phaseAt = moments.disasterBegan?.monotonicMs ?? moments.began.monotonicMs;
  for (const [index, { name, measuredMs, addedMs, outcome, detail }] of drill.phases.entries()) {
    if (outcome === 'not-reached') continue;
    spans.push({
      ...common,
      spanId: spanId(`phase ${index} ${name}`),
      parentSpanId: root,
      name: `phase ${name}`,
      startTimeUnixNano: `${at(phaseAt)}`,
      endTimeUnixNano: `${at(phaseAt + measuredMs)}`,
      attributes: attributes({
        'dr_contracts.phase': name,
        'dr_contracts.phase.outcome': outcome,
        // The drill did not wait for budgets that the contract adds, so they take no time in the trace.
        'dr_contracts.phase.added_ms': addedMs,
      }),
      status: outcome === 'completed' ? { code: 0 } : { code: 2, message: detail ?? outcome },
    });
    phaseAt += measuredMs;
  }
  return spans;
}

function attributes(
  values: Readonly<Record<string, string | number | boolean | null | undefined>>,
): readonly Attribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null || value === undefined) return [];
    return [{ key, value: anyValue(value) }];
  });
}

function anyValue(value: string | number | boolean): Attribute['value'] {
  if (typeof value === 'boolean') return { boolValue: value };
  return typeof value === 'string' ? { stringValue: value } : { doubleValue: value };
}

const NS_PER_MS = 1_000_000n;
const nanoseconds = (utc: string): bigint => BigInt(Date.parse(utc)) * NS_PER_MS;
/** Converts to nanoseconds. Readings of the clock have a resolution of microseconds. */
const milliseconds = (value: number): bigint => BigInt(Math.round(Math.max(0, value) * 1_000)) * 1_000n;
