import { addedPart } from '../model/added-part.ts';
import { counted } from '../model/counted.ts';
import type { DrillRecord } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { drillLabel } from './run-summary.ts';
import { wrapWords } from './text.ts';

/** Phase by phase, for every drill that moved its service elsewhere; what follows RTA stands by itself. */
export function renderTimelines(drills: readonly DrillRecord[], columns: number): string {
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
      `Mirror: at most ${counted(positions, 'message')} and ${formatDuration(behindMs)} behind in ${counted(replication.looks, 'look')}`,
    );
  }
  return lines.map((line, index) => `${index === 0 ? '' : '  '}${wrapWords(line, columns - 2, '    ')}`).join('\n');
}
