import { verdicts } from '../../model/record.ts';
import type { Series } from './series.ts';

export type MetricsForm = 'openmetrics' | 'prometheus';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  /** OpenMetrics requires the name to end in the unit. */
  readonly unit?: 'seconds';
  readonly samplesOf: (series: Series) => readonly Sample[];
}

const seconds = (milliseconds: number): number => milliseconds / 1_000;
const inSeconds = (milliseconds: number | null | undefined): readonly Sample[] =>
  milliseconds === null || milliseconds === undefined ? [] : [{ value: seconds(milliseconds) }];

/**
 * Exported metrics. Moments are timestamps, because ages would not advance between two exports
 * (https://prometheus.io/docs/practices/instrumentation/#timestamps-not-time-since). A promise that was never drilled has the timestamp 0,
 * so that its series exists before its first drill (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics).
 * Unknown times and losses have no sample: a zero would look like a perfect drill.
 */
const FAMILIES: readonly Family[] = [
  {
    name: 'dr_contract_last_run_timestamp_seconds',
    help: 'When the disaster was last drilled, or the posture last checked, whatever the verdict. 0 when it never was.',
    unit: 'seconds',
    samplesOf: ({ last }) => [{ value: seconds(last?.atMs ?? 0) }],
  },
  {
    name: 'dr_contract_last_proven_timestamp_seconds',
    help: 'When a drill or a posture check last ended met or at-risk. 0 when none ever did.',
    unit: 'seconds',
    samplesOf: ({ provedAtMs }) => [{ value: seconds(provedAtMs ?? 0) }],
  },
  {
    name: 'dr_contract_verdict',
    help: 'Verdict of the last drill or posture check: 1 for the one that holds, 0 for the others. Never drilled is unproven.',
    samplesOf: ({ last }) =>
      verdicts.map((verdict) => ({ labels: { verdict }, value: verdict === (last?.verdict ?? 'unproven') ? 1 : 0 })),
  },
  {
    name: 'dr_contract_cadence_seconds',
    help: 'How often the contract promises a proof.',
    unit: 'seconds',
    samplesOf: ({ cadenceMs }) => inSeconds(cadenceMs),
  },
  {
    name: 'dr_contract_recovery_point_timestamp_seconds',
    help: 'When the recovery point that the last drill restored was captured.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.recoveryPointMs),
  },
  {
    name: 'dr_contract_rto_seconds',
    help: 'Promised recovery time.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.figures.rtoMs),
  },
  {
    name: 'dr_contract_rta_seconds',
    help: 'Recovery time of the last drill. A lower bound where dr_contract_rta_is_lower_bound is 1.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.figures.rtaMs),
  },
  {
    name: 'dr_contract_rta_is_lower_bound',
    help: 'Whether the recovery took longer than dr_contract_rta_seconds says, because it was given up.',
    samplesOf: ({ last }) =>
      last === null || last.figures.rtaMs === null ? [] : [{ value: last.figures.rtaIsLowerBound ? 1 : 0 }],
  },
  {
    name: 'dr_contract_rpo_seconds',
    help: 'Promised recovery point objective.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.figures.rpoMs),
  },
  {
    name: 'dr_contract_rpa_seconds',
    help: 'Acknowledged writes that the last drill lost, as a time.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.figures.rpaMs),
  },
  {
    name: 'dr_contract_exposure_seconds',
    help: 'Longest time of writes that can be lost under the schedule of the backups.',
    unit: 'seconds',
    samplesOf: ({ last }) => inSeconds(last?.figures.exposureMs),
  },
  {
    name: 'dr_contract_waiver_expiry_timestamp_seconds',
    help: 'When the first waiver of the promise stops counting.',
    unit: 'seconds',
    samplesOf: ({ waivedUntilMs }) => inSeconds(waivedUntilMs),
  },
];

/**
 * The state of every promise as metrics: gauges with the labels contract, disaster, owner and priority. `openmetrics` is the text of
 * OpenMetrics 1.0 with units and `# EOF`; `prometheus` is the classic text, which node_exporter's textfile collector and the Pushgateway
 * read.
 */
export function* renderMetrics(series: readonly Series[], form: MetricsForm): Generator<string> {
  for (const { name, help, unit, samplesOf } of FAMILIES) {
    yield form === 'prometheus'
      ? `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} gauge\n`
      : `# TYPE ${name} gauge\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${escapedHelp(help)}\n`;
    for (const each of series) {
      const { contract, disaster, owner, priority } = each;
      for (const { labels, value } of samplesOf(each)) {
        yield `${name}${labelText({ contract, disaster, owner, priority, ...labels })} ${value}\n`;
      }
    }
  }
  if (form === 'openmetrics') yield '# EOF\n';
}

const labelText = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escapedLabel(value)}"`)
    .join(',')}}`;

/** The escapes of both forms (https://prometheus.io/docs/specs/om/open_metrics_spec/#escaping). */
const escapedLabel = (text: string): string =>
  text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const escapedHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
