import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { iamClient } from '../../clients/iam.ts';
import { systemClock } from '../../clock/clock.ts';
import { definePosture } from '../../contract/define.ts';
import { newDrillId } from '../../contract/drill-contract.ts';
import type { PostureCheck, PostureCheckRecord } from '../../model/posture.ts';
import { Secrets } from '../../model/secrets.ts';
import type { Target } from '../../model/target.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { runPosture } from '../run-posture.ts';

/** Single checks on a target, with users and scripts made for them. */
export class ChecksOn implements AsyncDisposable {
  readonly target: Target;
  readonly folder: string;

  private constructor(target: Target, folder: string) {
    this.target = target;
    this.folder = folder;
  }

  static async of(target: Target): Promise<ChecksOn> {
    return new ChecksOn(target, await mkdtemp(join(tmpdir(), 'dr-contracts-checks-')));
  }

  /** Returns the record of the check, as a run makes it. */
  async record(check: PostureCheck, target = this.target): Promise<PostureCheckRecord> {
    const { folder } = this;
    const record = await runPosture(definePosture({ name: 'halts', owner: 'platform', checks: [check] }), {
      target,
      project: { folder, outDir: folder, contracts: async () => [], drilledContracts: async () => [] },
      scratchDir: folder,
      secrets: new Secrets(),
      clock: systemClock,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    const [found] = record.checks;
    if (found === undefined) throw new Error('no check was made');
    return found;
  }

  /** Creates a live IAM user with that policy. @returns its name. */
  async userWith(document: object): Promise<string> {
    const client = iamClient(await this.target.place(s3Store));
    const UserName = `writer-${newDrillId()}`;
    try {
      await client.send(new CreateUserCommand({ UserName }));
      const PolicyDocument = JSON.stringify(document);
      await client.send(new PutUserPolicyCommand({ UserName, PolicyName: 'writer', PolicyDocument }));
    } finally {
      client.destroy();
    }
    return UserName;
  }

  /** Writes a script with those lines. @returns its path. */
  async scriptOf(...lines: readonly string[]): Promise<string> {
    const path = join(this.folder, `${newDrillId()}.sh`);
    await writeFile(path, ['#!/usr/bin/env bash', 'set -euo pipefail', ...lines, ''].join('\n'));
    await chmod(path, 0o755);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const differencesOf = ({ observation }: PostureCheckRecord) =>
  observation?.kind === 'comparison' ? observation.firstDifferences : [];
export const evidenceOf = ({ observation }: PostureCheckRecord) =>
  observation?.kind === 'comparison' ? observation.evidence : {};
