import { BigValueColorMode, ReduceDataOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  MappingType,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelinePanel } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

// The dashboard for the metrics of `dr-contracts export`. It is built with Grafana's own types.

/** The reader selects it with a variable of the dashboard. */
const source = { type: 'prometheus', uid: `$\{datasource}` };
const promises = 'owner=~"$owner", contract=~"$contract"';
const query = (expr: string, legend = '{{contract}}, {{disaster}}') =>
  new DataqueryBuilder().datasource(source).expr(expr).legendFormat(legend);
const thresholds = (...steps: readonly (readonly [number | null, string])[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([value, color]) => ({ value, color })));

/** From kept to broken: a state timeline draws the number. */
const VERDICTS = [
  ['met', 'green'],
  ['at-risk', 'yellow'],
  ['unproven', 'purple'],
  ['breached', 'red'],
] as const;
const verdictNumber = VERDICTS.map(
  ([verdict], rank) => `${rank} * dr_contract_verdict{${promises}, verdict="${verdict}"}`,
);
const verdictMapping: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(VERDICTS.map(([text, color], index) => [String(index), { text, color, index }])),
};
const verdictColours: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(VERDICTS.map(([text, color], index) => [text, { text, color, index }])),
};

const variable = (name: string, label: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(`label_values(dr_contract_last_run_timestamp_seconds, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*');

const verdictStat = (verdict: string, colour: string) =>
  new StatPanel()
    .title(verdict)
    .datasource(source)
    .height(4)
    .span(6)
    .colorMode(BigValueColorMode.Background)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(verdict === 'met' ? thresholds([null, colour]) : thresholds([null, 'text'], [1, colour]))
    .noValue('no data')
    .withTarget(query(`sum(dr_contract_verdict{${promises}, verdict="${verdict}"})`, verdict).instant());

const share = (title: string, description: string, expr: string) =>
  new TimeSeriesPanel()
    .title(title)
    .description(description)
    .datasource(source)
    .height(9)
    .span(12)
    .unit('percentunit')
    .min(0)
    .thresholds(thresholds([null, 'green'], [0.8, 'yellow'], [1, 'red']))
    .withTarget(query(expr));

/** Returns the dashboard in Grafana's import format. */
function grafanaDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Disaster recovery')
    .uid('dr-contracts')
    .description('Promises, and what drills proved of them. Made from the metrics of dr-contracts.')
    .tags(['dr-contracts'])
    .time({ from: 'now-30d', to: 'now' })
    .timezone('utc')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(variable('owner', 'Owner'))
    .withVariable(variable('contract', 'Contract'));
  for (const [verdict, colour] of VERDICTS.toReversed()) dashboard.withPanel(verdictStat(verdict, colour));
  return dashboard
    .withPanel(
      new TablePanel()
        .title('Promises')
        .description('The verdict of the last drill. A promise that was never drilled is unproven.')
        .datasource(source)
        .height(10)
        .span(24)
        .mappings([verdictColours])
        .withTarget(
          query(`dr_contract_verdict{${promises}} == 1`).instant().format(PromQueryFormat.Table).refId('verdict'),
        )
        .withTransformation({
          id: 'organize',
          options: {
            excludeByName: { Time: true, Value: true, __name__: true, instance: true, job: true },
            indexByName: { priority: 0, contract: 1, disaster: 2, verdict: 3, owner: 4 },
            renameByName: {},
          },
        }),
    )
    .withPanel(
      new TablePanel()
        .title('Age of the proof')
        .description('Time since a drill last ended met or at-risk. A promise that was never proved has no line.')
        .datasource(source)
        .height(9)
        .span(12)
        .unit('s')
        .withTarget(
          query(`time() - (dr_contract_last_proven_timestamp_seconds{${promises}} > 0)`)
            .instant()
            .format(PromQueryFormat.Table)
            .refId('age'),
        )
        .withTransformation({
          id: 'organize',
          options: {
            excludeByName: { Time: true, instance: true, job: true, owner: true, priority: true },
            indexByName: { contract: 0, disaster: 1, Value: 2 },
            renameByName: { Value: 'proved ago' },
          },
        }),
    )
    .withPanel(
      new StateTimelinePanel()
        .title('Verdicts')
        .datasource(source)
        .height(9)
        .span(12)
        .mappings([verdictMapping])
        .withTarget(query(`sum by (contract, disaster) (${verdictNumber.join(' or ')})`)),
    )
    .withPanel(
      share(
        'RTA as a share of the RTO',
        'Above 80 % is at risk. A recovery that was given up took longer than it shows.',
        `dr_contract_rta_seconds{${promises}} / (dr_contract_rto_seconds{${promises}} > 0)`,
      ),
    )
    .withPanel(
      share(
        'Exposure as a share of the RPO',
        'The longest time of writes that can be lost under the schedule of the backups. What a drill lost is shown as RPA.',
        `dr_contract_exposure_seconds{${promises}} / (dr_contract_rpo_seconds{${promises}} > 0)`,
      ).withTarget(
        query(
          `dr_contract_rpa_seconds{${promises}} / (dr_contract_rpo_seconds{${promises}} > 0)`,
          '{{contract}}, {{disaster}}: RPA',
        ).refId('B'),
      ),
    )
    .withPanel(
      new TablePanel()
        .title('Waivers')
        .description('When they end. The gate blocks from then on.')
        .datasource(source)
        .height(6)
        .span(24)
        .unit('dateTimeAsIso')
        .withTarget(
          query(`dr_contract_waiver_expiry_timestamp_seconds{${promises}} * 1000`)
            .instant()
            .format(PromQueryFormat.Table)
            .refId('waivers'),
        )
        .withTransformation({
          id: 'organize',
          options: {
            excludeByName: { Time: true, instance: true, job: true, priority: true },
            indexByName: { contract: 0, disaster: 1, owner: 2, Value: 3 },
            renameByName: { Value: 'ends' },
          },
        }),
    )
    .build();
}

export const dashboardText = (): string => `${JSON.stringify(grafanaDashboard(), undefined, 2)}\n`;
