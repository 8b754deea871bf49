import type { DrillRecord } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { counted } from '../model/text.ts';
import { addedPart, formatDuration } from '../model/units.ts';
import { renderPostures, renderResultsTable } from './results-table.ts';
import { drillDurationMs, drillLabel, listNotMet } from './run-summary.ts';
import { type Palette, paletteFor, type TerminalTraits } from './terminal.ts';
import { inWords, wrapWords } from './text.ts';

interface ReportOptions {
  readonly traits: TerminalTraits;
  /** Path of a drill's record for the reader. */
  readonly recordPath: (drill: DrillRecord) => string;
  /** Path of the run record; absent if there is none. */
  readonly runPath?: string;
}

/** Renders the end of a run: the table, a sentence for everything not met, the durations, the counts. */
export function renderRunReport(run: RunRecord, options: ReportOptions): string {
  const palette = paletteFor(options.traits);
  const sections = [
    run.drills.length === 0 ? '' : renderResultsTable(run.drills, options.traits),
    renderPostures(run.postures ?? [], options.traits),
    renderNotMet(run.drills, options, palette),
    renderTimelines(run.drills, options.traits.columns),
    renderBudgeted(run.drills, options.traits.columns),
    renderWaits(run.drills, options.traits.columns),
    renderOlder(run.drills, options.traits.columns),
    renderDurations(run, palette, options.traits.columns),
    renderCounts(run, options),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function renderNotMet(drills: readonly DrillRecord[], options: ReportOptions, palette: Palette): string {
  return listNotMet(drills)
    .map(({ drill, label, verdict, sentence, lookAt }) => {
      const head = `${palette.verdict(verdict, verdict)} ${palette.bold(label)}: ${sentence}`;
      // The path has a line of its own, unbroken, so that it can be copied and clicked.
      return `${wrapWords(head, options.traits.columns, '  ')}\n  Look at ${lookAt} in ${options.recordPath(drill)}`;
    })
    .join('\n');
}

/** Renders the budgeted time that no drill waits for, such as detection and decision, so that the reader sees what was added to the RTA. */
function renderBudgeted(drills: readonly DrillRecord[], columns: number): string {
  const contractsByBudget = new Map<string, Set<string>>();
  for (const drill of drills) {
    const added = drill.phases.filter((phase) => phase.addedMs > 0 && phase.name !== 'backup-sync');
    if (added.length === 0) continue;
    const budget = added.map((phase) => `${formatDuration(phase.addedMs)} of ${phase.name}`).join(' and ');
    contractsByBudget.set(budget, (contractsByBudget.get(budget) ?? new Set()).add(drill.contract.name));
  }
  return [...contractsByBudget]
    .map(
      ([budget, contracts]) =>
        `Every RTA of ${inWords([...contracts])} includes ${budget}, which the contract budgets.`,
    )
    .map((sentence) => wrapWords(sentence, columns, '  '))
    .join('\n');
}

/** Renders how long production waits until the restore's place knows the backup; per drill, because this depends on the disaster. */
function renderWaits(drills: readonly DrillRecord[], columns: number): string {
  const drillsByWait = new Map<string, string[]>();
  for (const drill of drills) {
    const { backupWait } = drill.disaster;
    const phase = drill.phases.find(({ name }) => name === 'backup-sync');
    if (backupWait === undefined || phase === undefined || phase.addedMs === 0) continue;
    const wait = `${formatDuration(phase.addedMs)} of ${phase.name}, which production may have to wait but the drill did not: ${backupWait.because}`;
    drillsByWait.set(wait, [...(drillsByWait.get(wait) ?? []), drillLabel(drill)]);
  }
  return [...drillsByWait]
    .map(([wait, labels]) => wrapWords(`The RTA of ${inWords(labels)} includes ${wait}.`, columns, '  '))
    .join('\n');
}

/**
 * Names the drills that did not restore the newest recovery point: their RPA is that of the older one. If no drill of a contract restored
 * the newer one, it is unproven that a second backup can be restored.
 */
function renderOlder(drills: readonly DrillRecord[], columns: number): string {
  const older = drills.filter(
    ({ recoveryPoints }) => recoveryPoints?.restored === 'older' && recoveryPoints.taken.length > 1,
  );
  if (older.length === 0) return '';
  const others = drills.filter((drill) => !older.includes(drill)).map(({ contract }) => contract.name);
  const alone = [...new Set(older.map(({ contract }) => contract.name))].filter((name) => !others.includes(name));
  const unproven =
    alone.length === 0
      ? ''
      : ` No drill of this run restored the newer recovery point of ${inWords(alone)}: drill the other disasters to prove that it can be restored.`;
  const restored = `${inWords(older.map(drillLabel))} restored the older of two recovery points.`;
  return wrapWords(`${restored}${unproven}`, columns, '  ');
}

function renderDurations(run: RunRecord, palette: Palette, columns: number): string {
  const lines = run.drills.map((drill) => {
    const stages = drill.stages.map((stage) => `${stage.name} ${formatDuration(stage.durationMs)}`).join(', ');
    const text = `${drillLabel(drill)}: ${formatDuration(drillDurationMs(drill))}${stages === '' ? '' : ` (${stages})`}`;
    return `  ${wrapWords(text, columns - 2, '    ')}`;
  });
  const runStages = run.stages.map((stage) => `${stage.name} ${formatDuration(stage.durationMs)}`).join(', ');
  if (runStages === '' && lines.length === 0) return '';
  return [wrapWords(`${palette.bold('Durations')} ${runStages}`, columns, '  '), ...lines].join('\n');
}

function renderCounts(run: RunRecord, options: ReportOptions): string {
  const { summary } = run;
  const counts = [
    `${summary.met} met`,
    `${summary.atRisk} at-risk`,
    `${summary.breached} breached`,
    `${summary.unproven} unproven`,
  ];
  const drills = counted(summary.drills, 'drill');
  const drilled = `${drills} in ${formatDuration(run.durationMs)}: ${counts.join(', ')}.`;
  const checked = postureCounts(run);
  const line = [summary.drills === 0 && checked !== '' ? '' : drilled, checked].filter((each) => each !== '').join(' ');
  // Without its record, the run's exit code does not follow its verdicts.
  return options.runPath === undefined ? line : `Run record: ${options.runPath}\n${line} Exit ${summary.exitCode}.`;
}

function postureCounts({ summary, postures = [] }: RunRecord): string {
  if (summary.postureChecks === undefined) return '';
  const { checked, met, atRisk, breached, unproven } = summary.postureChecks;
  const took = formatDuration(postures.reduce((sum, posture) => sum + posture.durationMs, 0));
  return `${counted(checked, 'posture check')} in ${took}: ${met} met, ${atRisk === undefined ? '' : `${atRisk} at risk, `}${breached} breached, ${unproven} unproven.`;
}

/** Renders the phases of every drill that moved its service elsewhere; the steps after RTA have a line of their own. */
function renderTimelines(drills: readonly DrillRecord[], columns: number): string {
  return drills
    .filter((drill) => drill.phases.some(({ name }) => name === 'promotion' || name === 'redirect'))
    .map((drill) => timelineOf(drill, columns))
    .join('\n');
}

function timelineOf(drill: DrillRecord, columns: number): string {
  const steps = drill.phases
    .filter(({ measuredMs, addedMs }) => measuredMs + addedMs > 0)
    .map(({ name, measuredMs, addedMs, outcome }) => {
      const added = addedMs > 0 ? ` + ${addedPart({ name, addedMs })}` : '';
      const ending = outcome === 'completed' ? '' : ` (${outcome})`;
      return `${name} ${formatDuration(measuredMs)}${added}${ending}`;
    });
  const lines = [`Timeline ${drillLabel(drill)}: ${steps.join(' → ')}`];
  const { failBack, replication } = drill;
  if (failBack !== undefined) {
    const back = failBack.stages.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs)}`);
    lines.push(`After RTA: ${back.join(' → ')}${failBack.failure === null ? '' : ' (failed)'}`);
  }
  if (replication !== undefined) {
    const positions = Math.max(0, ...replication.lanes.map((lane) => lane.worstPositions));
    const behindMs = Math.max(0, ...replication.lanes.map((lane) => Math.max(lane.worstMs, lane.atDisasterMs ?? 0)));
    lines.push(
      `Mirror: at most ${counted(positions, 'message')} and ${formatDuration(behindMs)} behind in ${counted(replication.looks, 'measurement')}`,
    );
  }
  return lines.map((line, index) => `${index === 0 ? '' : '  '}${wrapWords(line, columns - 2, '    ')}`).join('\n');
}
