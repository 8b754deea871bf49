import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { Ways } from '../model/access.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { PostureContract, PostureRecord } from '../model/posture.ts';
import type { DrillRecord, FindingName } from '../model/record.ts';
import { isKept } from '../model/record-parts.ts';
import type { Capability } from '../model/service.ts';
import { formatDuration } from '../model/units.ts';
import { runPosture } from '../posture/run-posture.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import { withHalt } from '../reporting/halts-text.ts';
import type { TargetName } from '../targets/wishes.ts';
import { attachTarget } from './attach-target.ts';
import { nameIn } from './collect.ts';
import { type ContractDefinition, defineContract, definePosture, type PostureDefinition } from './define.ts';
import { drillContract, scalesOf } from './drill-contract.ts';
import { checkContract, checkPosture } from './load.ts';
import { currentFile, definedInTests, projectOfTests, provided, scratchFolder, stateHere } from './vitest-project.ts';
import { excused, needsOf } from './wanted-parts.ts';

/** The finding was not `met`; the message is its sentence. */
class PromiseBrokenError extends Error {
  override readonly name = 'PromiseBrokenError';
}

/** Turns a definition into readable tests: one suite per disaster, one drill per suite, one test per finding. */
export function specify<W extends Ways, Used extends string>(definition: ContractDefinition<W, Used>): void {
  provided();
  const contract = definedOr(definition, (error) =>
    failing(nameIn(definition) ?? 'a contract', 'is well formed', error),
  );
  if (contract === undefined) return;
  stateHere(contract);
  if (isLeftOut({ name: contract.name, needs: needsOf(contract) })) return;
  describe.each([...contract.survives])(`${contract.name} survives %s`, (disaster) => {
    let record: DrillRecord | undefined;
    let drilling: Promise<DrillRecord> | undefined;
    const suite = new AbortController();

    beforeAll(async () => {
      await checkContract(contract);
      const { handle, runDir, facts, tuning } = provided();
      const { contracts } = await definedInTests({ contracts: [contract] });
      drilling = drillContract({
        contract: contracts[0] ?? contract,
        disaster,
        target: attachTarget(handle, { clock: systemClock }),
        facts,
        runDir,
        scratchDir: scratchFolder(),
        clock: systemClock,
        signal: suite.signal,
        listener: () => undefined,
        tuning,
      });
      record = await drilling;
    }, suiteBudgetMs(contract));

    // A drill that outlives its suite is aborted, and cleans up before the target stops.
    afterAll(async () => {
      suite.abort(new Error('its tests have ended'));
      await Promise.allSettled([drilling]);
    }, END_BUDGET_MS);

    const promise = (title: string, name: FindingName) =>
      it(title, () => {
        const finding = record?.judgement?.findings.find((candidate) => candidate.name === name);
        if (finding !== undefined && isKept(finding.verdict)) return;
        throw new PromiseBrokenError(
          `${finding?.verdict ?? 'unproven'}: ${finding?.sentence ?? 'the drill left no judgement'}`,
        );
      });

    promise('restores what was acknowledged', 'content');
    promise(`recovers within the RTO of ${formatDuration(contract.rtoMs)}`, 'rto');
    if (contract.rpoMs !== null) {
      const rpo = `the RPO of ${formatDuration(contract.rpoMs)}`;
      const within = contract.protectedBy.schedule === 'mirror' ? 'a mirror whose lag' : 'a schedule whose exposure';
      promise(`loses no more than ${rpo}`, 'rpo');
      promise(`has ${within} is within ${rpo}`, 'exposure');
    }
    promise('proves that the asset was destroyed', 'destruction');
    if (contract.protectedBy.failBack !== undefined) {
      promise('fails back without loss, duplicates or split brain', 'fail-back');
    }
    const assured = contract.asset.disasters.find(({ name }) => name === disaster)?.assures ?? [];
    if (assured.includes('untouched')) promise('leaves untouched what it must not reach', 'untouched');
    if (assured.includes('acceptance')) promise('gives back what its users accept', 'acceptance');
    if (contract.freshness) {
      promise(`keeps its newest recovery point below ${formatDuration(contract.freshness.belowMs)}`, 'freshness');
    }
    it('leaves nothing of the drill behind', () => {
      const failed = record?.cleanup.filter(({ outcome }) => outcome === 'failed') ?? [];
      if (failed.length === 0) return;
      throw new PromiseBrokenError(
        `not cleaned up: ${failed.map(({ what, message }) => `${what}: ${message}`).join('; ')}`,
      );
    });
  });
}

/** @returns undefined when the author's mistake has become a failing test. */
function definedOr<W extends Ways, Used extends string>(
  definition: ContractDefinition<W, Used>,
  otherwise: (error: Error) => void,
): Contract | undefined {
  try {
    return defineContract(definition, currentFile());
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    otherwise(error);
    return undefined;
  }
}

/** Defines a test that fails for that reason; the other contracts of the file are still drilled. */
function failing(name: string, title: string, error: Error): void {
  // Without its cause, which is a library's wording: vitest would print all of it.
  const told = Object.assign(new Error(error.message), { name: error.name, stack: `${error.name}: ${error.message}` });
  describe(name, () => {
    it(title, () => {
      throw told;
    });
  });
}

/** Reports a contract that the target cannot run as a test: skipped, or failed where a pipeline must run all. */
function isLeftOut(promised: { readonly name: string; readonly needs: readonly Capability[] }): boolean {
  const { handle, capabilities, notOn, mustRunAll } = provided();
  const { name, needs } = promised;
  const lacking = needs.filter((need) => !capabilities.includes(need));
  const title = `${name} is unproven here`;
  if (lacking.length === 0) {
    const notStarted = needs.filter((need) => !handle.capabilities.includes(need));
    if (notStarted.length > 0) failing(name, 'has what it needs', neededLater(name, notStarted));
    return notStarted.length > 0;
  }
  const [excuse] = excused([{ contract: name, lacking }], notOn, mustRunAll);
  const why = excuse?.reason ?? `this target has no ${lacking.join(' and no ')}`;
  // Visible in every report, with the reason: `dr-contracts drill --all` counts it as unproven.
  if (excuse?.failsRun !== true) it(title, (test) => test.skip(why));
  else failing(name, 'runs on the target that was chosen', notRun(name, handle.kind, lacking));
  return true;
}

const neededLater = (name: string, parts: readonly string[]): ExplainedError =>
  new ExplainedError({
    thing: `contract "${name}"`,
    expected: `${parts.join(' and ')} on the target`,
    observed: 'it was not started, because no contract needed it when vitest began',
    nextStep: 'Start vitest again.',
  });

const notRun = (name: string, target: TargetName, lacking: readonly string[]): ExplainedError =>
  new ExplainedError({
    thing: `contract "${name}"`,
    expected: 'to be drilled, because CI is set and the target was chosen automatically',
    observed: `target ${target} has no ${lacking.join(' and no ')}`,
    nextStep: `Set DR_CONTRACTS_TARGET, or give the reason in the configuration: notOn: { ${target}: { '${name}': '…' } }.`,
  });

/** Time limit for the clean-up of a drill that outlives its suite. */
const END_BUDGET_MS = 300_000;

/**
 * Returns the sum of every stage's budget at every size, so that a hanging drill is ended by the drill, which reports the stage, and not by
 * vitest.
 */
const suiteBudgetMs = (contract: Pick<Contract, 'rtoMs' | 'productionSizeBytes'>): number =>
  scalesOf(contract).length * (contract.rtoMs * 2 + 3_600_000);

/** The promise is broken or unproven. The message is the check's sentence. */
class PostureBrokenError extends Error {
  override readonly name = 'PostureBrokenError';
}

const SUITE_BUDGET_MS = 600_000;

/** Turns a definition into readable tests: one suite, with one test per check. */
export function specifyPosture(definition: PostureDefinition): void {
  provided();
  let contract: PostureContract;
  try {
    contract = definePosture(definition, currentFile());
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    failing(nameIn(definition) ?? 'a posture', 'is well formed', error);
    return;
  }
  if (isLeftOut(contract)) return;
  describe(contract.name, () => {
    let record: PostureRecord | undefined;
    let checking: Promise<PostureRecord> | undefined;
    const suite = new AbortController();

    beforeAll(async () => {
      await checkPosture(contract);
      const { postures } = await definedInTests({
        contracts: await projectOfTests().contracts(),
        postures: [contract],
      });
      checking = runPosture(postures[0] ?? contract, {
        target: attachTarget(provided().handle, { clock: systemClock }),
        project: projectOfTests(),
        scratchDir: scratchFolder(),
        clock: systemClock,
        signal: suite.signal,
        progress: () => undefined,
      });
      record = await checking;
    }, SUITE_BUDGET_MS);

    // Checks that outlive their suite are aborted before the target stops.
    afterAll(async () => {
      suite.abort(new Error('its tests have ended'));
      await Promise.allSettled([checking]);
    });

    for (const { name, promise } of contract.checks) {
      it(promise, () => {
        const check = record?.checks.find((each) => each.name === name);
        if (check !== undefined && isKept(check.verdict)) return;
        const said = check === undefined ? 'it was not checked' : withHalt(check.sentence, check);
        throw new PostureBrokenError(`${check?.verdict ?? 'unproven'}: ${said}`);
      });
    }
  });
}
