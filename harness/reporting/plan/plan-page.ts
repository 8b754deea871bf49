import { z } from 'zod';
import { type Plan, type PlanProof, planProofSchema } from '../../model/plan.ts';
import { isKept } from '../../model/record-parts.ts';
import { counted } from '../../model/text.ts';
import type { JudgedHolder, JudgedLine } from '../../verdict/plan.ts';
import { digestOf } from '../runbook/runbook-contract.ts';
import { markdownCell, markdownCode } from '../text.ts';

const PROOF = /^<!-- seen (?<proof>\{.*\}) -->$/;
const SEAL = /^<!-- text (?<digest>[0-9a-f]+) -->$/;

/** Renders the plan as a page: for each line its holder, the verdict, the time and the target. The page contains its proofs. */
export function renderPlan({ title }: Plan, lines: readonly JudgedLine[]): string {
  const body = [
    `${PLAN_MARK} from the plan and from runs. Do not edit it: \`--check\` would find out. -->`,
    '',
    `# ${title}`,
    '',
    summaryOf(lines),
    '',
    '| | line | to be seen | held by | verdict | target | when |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines.flatMap(rowsOf),
    ...notHeldSection(lines),
    '',
    ...proofsIn(lines).map((proof) => `<!-- seen ${JSON.stringify(proof).replaceAll('>', '\\u003e')} -->`),
  ];
  const text = body.join('\n');
  return `${text}\n<!-- text ${digestOf(text)} -->\n`;
}

/** Says in one sentence how many lines are held, and which are not. */
export function summaryOf(lines: readonly JudgedLine[]): string {
  const notHeld = lines.filter(({ problems }) => problems.length > 0).map(({ line }) => line.id);
  const held = `${lines.length - notHeld.length} of ${counted(lines.length, 'line')} are held.`;
  return notHeld.length === 0 ? held : `${held} Not held: ${notHeld.join(', ')}.`;
}

/** Returns the proofs on an earlier page; none if the page was edited. */
export function proofsOnPage(page: string): readonly PlanProof[] {
  if (!isUntouched(page)) return [];
  return page.split('\n').flatMap((line) => {
    const text = PROOF.exec(line)?.groups?.['proof'];
    if (text === undefined) return [];
    return z.array(planProofSchema).parse([JSON.parse(text)]);
  });
}

/** True if the page is exactly as this command wrote it. */
export function isUntouched(page: string): boolean {
  const lines = page.trimEnd().split('\n');
  const digest = SEAL.exec(lines.at(-1) ?? '')?.groups?.['digest'];
  return digest === digestOf(lines.slice(0, -1).join('\n'));
}

function rowsOf({ line, holders }: JudgedLine): readonly string[] {
  const cells = holders.length === 0 ? [['**nothing**', '**not held**', '', '']] : holders.flatMap(cellsOf);
  return cells.map((cell, index) => {
    const first = index === 0 ? [line.id, markdownCell(line.text), markdownCell(line.seen)] : ['', '', ''];
    return `| ${[...first, ...cell].join(' | ')} |`;
  });
}

function cellsOf({ name, proofs, problem }: JudgedHolder): readonly (readonly string[])[] {
  if (proofs.length === 0) return [[markdownCode(name), problem === undefined ? '' : '**not seen**', '', '']];
  return proofs.map(({ verdict, target, at }, index) => [
    index === 0 ? markdownCode(name) : '',
    isKept(verdict) ? verdict : `**${verdict}**`,
    markdownCell(target),
    `${at.slice(0, 16).replace('T', ' ')} UTC`,
  ]);
}

function notHeldSection(lines: readonly JudgedLine[]): readonly string[] {
  const notHeld = lines.filter(({ problems }) => problems.length > 0);
  if (notHeld.length === 0) return [];
  return [
    '',
    '## Not held',
    '',
    ...notHeld.flatMap(({ line, problems }) => problems.map((problem) => `- **${line.id}** ${markdownCell(problem)}`)),
  ];
}

/**
 * Returns each proof once, although one holder may hold several lines. A kept promise needs no reason. Outdated proofs stay as well: a test
 * report does not say which version of the file it ran, and would otherwise count for the present one.
 */
function proofsIn(lines: readonly JudgedLine[]): readonly PlanProof[] {
  const all = lines.flatMap(({ holders }) => holders.flatMap(({ proofs, outdated }) => [...outdated, ...proofs]));
  const once = new Map(all.map((proof) => [`${proof.holder}\n${proof.target}\n${proof.definition}`, proof]));
  return [...once.values()].map((proof) => (isKept(proof.verdict) ? { ...proof, why: '' } : proof));
}

/** Beginning of every plan page that `dr-contracts plan` wrote. */
export const PLAN_MARK = '<!-- Written by `npx dr-contracts plan`';
