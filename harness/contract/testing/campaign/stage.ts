import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../clock/clock.ts';
import type { RunFacts } from '../../../drill/new-record.ts';
import { runDrill } from '../../../drill/run-drill.ts';
import { script } from '../../../index.ts';
import type { AssetKind } from '../../../model/asset.ts';
import type { Procedure } from '../../../model/procedure.ts';
import type { DrillRecord } from '../../../model/record.ts';
import type { Target } from '../../../model/target.ts';
import { defineContract } from '../../define.ts';
import { newDrillId } from '../../drill-contract.ts';

/** Subject of a drill: an asset, its protection, and the disaster. */
export interface Staged {
  readonly asset: AssetKind;
  readonly protectedBy: Procedure;
  readonly disaster: string;
}

/** A folder for scripts and manifests of a campaign, and the drills that use them. */
export class Stage implements AsyncDisposable {
  readonly #folder: string;
  readonly #target: Target;
  readonly #facts: RunFacts;
  #files = 0;

  static async open(target: Target, facts: RunFacts): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'dr-contracts-campaign-')), target, facts);
  }

  private constructor(folder: string, target: Target, facts: RunFacts) {
    this.#folder = folder;
    this.#target = target;
    this.#facts = facts;
  }

  /** Writes a bash executable that stops at the first error unless the lines say otherwise. @returns its path. */
  async executable(lines: readonly string[]): Promise<string> {
    const path = await this.file('script.sh', ['#!/usr/bin/env bash', 'set -euo pipefail', ...lines, ''].join('\n'));
    await chmod(path, 0o755);
    return path;
  }

  /** Writes two scripts and a schedule, as an operator would have. `$to` is the destination of the backups. */
  async scripts(backup: readonly string[], restore: readonly string[]): Promise<Procedure> {
    const to = 'to="s3://$BACKUP_BUCKET/$BACKUP_PREFIX"';
    return script({
      backup: await this.executable([to, ...backup]),
      restore: await this.executable([to, ...restore]),
      schedule: { cron: '*/15 * * * *', timeZone: 'UTC' },
      prefix: 'campaign/',
    });
  }

  /** Writes each file into a separate folder. @returns the path of the file. */
  async file(name: string, text: string): Promise<string> {
    this.#files += 1;
    const path = join(this.#folder, String(this.#files), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  async drill({ asset, protectedBy, disaster }: Staged): Promise<DrillRecord> {
    const contract = defineContract({
      name: 'campaign',
      asset,
      rto: '15m',
      rpo: '1h',
      priority: 'P1',
      owner: 'tests',
      protectedBy,
      survives: [disaster],
    });
    return await runDrill({
      contract,
      disaster,
      target: this.#target,
      drillId: newDrillId(),
      run: this.#facts,
      scratchDir: this.#folder,
      clock: systemClock,
      signal: new AbortController().signal,
      listener: () => undefined,
      save: async () => undefined,
      tuning: { goneBudgetMs: 5_000, serviceBudgetMs: 10_000 },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Returns verdict, cause and sentence of a drill, for the message of a failing test. */
export function outcomeOf({ judgement, failure, cleanup }: DrillRecord): string {
  const left = cleanup
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ what, message }) => `left: ${what} ${message}`);
  return [
    `${judgement?.verdict} (${judgement?.cause ?? '-'}): ${judgement?.sentence}`,
    ...(failure?.messages ?? []),
    ...left,
  ].join('\n');
}

/** A well-formed asset with a procedure that restores it: the right verdict is `met`. */
export interface Shape {
  readonly name: string;
  stage(stage: Stage): Promise<Staged>;
}
