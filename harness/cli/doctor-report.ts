import { renderColumns } from '../reporting/columns.ts';
import type { TerminalTraits } from '../reporting/terminal.ts';
import { paletteFor } from '../reporting/terminal.ts';
import { inWords, wrapWords } from '../reporting/text.ts';
import type { Check, CheckState } from './doctor-check.ts';

export interface DoctorReport {
  /** True when a drill could start now. */
  readonly ready: boolean;
  readonly checks: readonly Check[];
}

export function doctorReport(checks: readonly Check[]): DoctorReport {
  return { ready: checks.length > 0 && checks.every((check) => check.state !== 'missing'), checks };
}

export function renderDoctorReport(report: DoctorReport, traits: TerminalTraits): string {
  const palette = paletteFor(traits);
  const paint = (state: CheckState) =>
    palette.verdict(state === 'ok' ? 'met' : state === 'note' ? 'at-risk' : 'breached', state);
  // Digests are for the record; a table has no room for them.
  const rows = report.checks.map(({ name, wanted, found, from, state }) => [
    name,
    wanted,
    found,
    from.replace(/ \(sha256:[0-9a-f]+\)$/, ''),
    paint(state),
  ]);
  const problems = sameProblems(report.checks).map(({ names, state, problem, contracts, fix }) => {
    const cost =
      contracts.length === 0
        ? ''
        : `; without ${names.length === 1 ? 'it' : 'them'}, nothing proves ${inWords(contracts)}`;
    const said = wrapWords(`${paint(state)} ${palette.bold(inWords(names))}: ${problem}${cost}`, traits.columns, '  ');
    return fix === undefined ? said : `${said}\n  Fix: ${fix}`;
  });
  const missing = report.checks.filter((check) => check.state === 'missing').length;
  const last = report.ready ? 'A drill can start now.' : `A drill cannot start: ${missing} missing.`;
  return `${[renderColumns(['part', 'wanted', 'found', 'from', 'state'], rows, traits), ...problems, last].join('\n\n')}\n`;
}

interface Problem {
  readonly names: readonly string[];
  readonly state: CheckState;
  readonly problem: string;
  readonly contracts: readonly string[];
  readonly fix: string | undefined;
}

/** What is wrong, each thing once: ten tools that lack the same build are one problem with one fix. */
function sameProblems(checks: readonly Check[]): readonly Problem[] {
  const found = checks.filter((check) => check.state !== 'ok');
  const alike = Map.groupBy(found, ({ state, problem, fix }) => JSON.stringify([state, problem, fix]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { state, problem = 'not found', fix } = first;
    const contracts = [...new Set(group.flatMap((check) => check.contracts ?? []))];
    return [{ names: group.map((check) => check.name), state, problem, contracts, fix }];
  });
}
