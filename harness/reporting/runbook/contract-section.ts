import { formatDuration, KEEPS_NO_DATA } from '../../model/units.ts';
import { cell, sentence } from './recorded-text.ts';
import type { RunbookContract } from './runbook-contract.ts';

/** What a contract itself says, drill or no drill. */
export function contractSection(contract: RunbookContract): string[] {
  const { facts, degraded, decides, ifItFails, sourceFile } = contract;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['protects', facts.description],
    ['backed up by', `${facts.procedure}${scheduleOf(contract)}`],
    ['owner', `${facts.owner} (${facts.priority})`],
    ['who decides', decides === undefined ? 'nobody is named' : sentence(decides)],
    ['promise', `back within ${formatDuration(facts.rtoMs)}; ${lossPromised(facts.rpoMs)}`],
    ['meanwhile', degraded === undefined ? 'not stated' : sentence(degraded)],
    ['if a step fails', ifItFails === undefined ? undefined : sentence(ifItFails)],
    ['written in', sourceFile === undefined ? undefined : `\`${sourceFile}\``],
  ];
  return [
    '| | |',
    '| --- | --- |',
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : [`| **${name}** | ${cell(text)} |`])),
    '',
  ];
}

function lossPromised(rpoMs: number | null): string {
  if (rpoMs === null) return `it ${KEEPS_NO_DATA}`;
  return `${rpoMs === 0 ? 'no acknowledged write' : `at most the writes of ${formatDuration(rpoMs)}`} lost`;
}

function scheduleOf({ facts: { schedule, procedure } }: RunbookContract): string {
  if (schedule === 'continuous') return ', all the time';
  if (schedule === 'mirror') return ', by a live mirror';
  return procedure.includes(schedule.cron)
    ? ''
    : `, at \`${schedule.cron}\` (${schedule.timeZone}${schedule.scheduler === undefined ? '' : `, ${schedule.scheduler}`})`;
}
