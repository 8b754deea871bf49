import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../base/scope.ts';
import type { Ways } from '../model/access.ts';
import type {
  AssetKind,
  DestroyControl,
  Destruction,
  Fingerprint,
  OpenAsset,
  OpenOptions,
  SpeedControl,
} from '../model/asset.ts';
import type { Assurance, Comparison } from '../model/record.ts';
import type { RenderManifests } from '../model/rendering.ts';
import type { Step } from '../model/step.ts';
import { formatDuration } from '../model/units.ts';
import { machineControl } from '../process/machine-control.ts';
import { Vigil } from '../wait/vigil.ts';

const VIGIL_INTERVAL_MS = 100;
const VIGIL_BUDGET_MS = 2_000;
const NOTHING_THERE = 'nothing of it is there';

export interface SparingOptions<W extends Ways = Ways> {
  readonly asset: AssetKind<W>;
  /** What the disaster and the restore must not reach: it stays healthy for its users all the while, and the same. */
  readonly bystander: AssetKind;
}

/** What a test in memory replaces. */
export interface SparingParts {
  /** Given a folder of the drill's: what shows how quick the machine is. */
  readonly controlOf?: (scratchDir: string) => SpeedControl;
  readonly makeFolder?: (path: string) => Promise<unknown>;
}

/**
 * An asset and a bystander on the same servers. The disaster strikes the asset alone; a probe goes on reading and writing the
 * bystander from before the disaster until after the restore, and not one attempt may fail.
 */
export function sparing<W extends Ways>(
  { asset, bystander }: SparingOptions<W>,
  { controlOf = machineControl, makeFolder = makeWithParents }: SparingParts = {},
): AssetKind<W> {
  const [first] = bystander.disasters;
  if (first === undefined) throw new Error('a bystander without a known disaster cannot be opened');
  const namesManifests = asset.prepared !== undefined || bystander.prepared !== undefined;
  const prepared = async (render: RenderManifests): Promise<AssetKind> => {
    const [struck, beside] = await Promise.all([asset.prepared?.(render), bystander.prepared?.(render)]);
    return sparing<Ways>({ asset: struck ?? asset, bystander: beside ?? bystander }, { controlOf, makeFolder });
  };
  return {
    ...asset,
    ...(namesManifests ? { prepared } : {}),
    description: `${asset.description}; beside it, ${bystander.description}`,
    inScope: [...asset.inScope, `that ${bystander.description} stays healthy and as it is`],
    needs: [...new Set([...asset.needs, ...bystander.needs])],
    reads: [...(asset.reads ?? []), ...(bystander.reads ?? [])],
    disasters: asset.disasters.map((each) => ({
      ...each,
      assures: [...new Set([...(each.assures ?? []), 'untouched' as const])],
    })),
    async open(options) {
      await using undo = new Scope({ what: asset.description, clock: options.step.clock });
      const struck = await undo.open(asset.description, () => asset.open(options));
      const drillId = `${options.drillId}b`;
      const besideOptions = { ...options, drillId, disaster: first.name, scale: 1 };
      const beside = await undo.open(bystander.description, () => bystander.open(besideOptions));
      const opened = new Sparing(
        struck,
        beside,
        bystander.description,
        { ...options, controlOf, makeFolder },
        undo.handOver(),
      );
      return spread(struck, opened);
    },
  };
}

const makeWithParents = (path: string): Promise<unknown> => mkdir(path, { recursive: true });

/** The asset itself, but for what the bystander has a part in. */
function spread(asset: OpenAsset, opened: Sparing): OpenAsset {
  return {
    lanes: asset.lanes,
    probe: asset.probe,
    ...(asset.replica === undefined ? {} : { replica: asset.replica }),
    ...(asset.lostPlace === undefined ? {} : { lostPlace: asset.lostPlace }),
    ...(asset.meanings === undefined ? {} : { meanings: asset.meanings }),
    environment: () => asset.environment(),
    settings: () => asset.settings(),
    seed: async (step) => {
      await opened.seed(step);
      return asset.seed(step);
    },
    expectedProof: () => {
      const { absence, assurances = [] } = asset.expectedProof();
      return { absence, assurances: [opened.assurance, ...assurances] };
    },
    fingerprint: (step) => asset.fingerprint(step),
    ...(asset.alter === undefined ? {} : { alter: async (step: Step) => (await asset.alter?.(step)) ?? [] }),
    identify: (step) => asset.identify(step),
    destroy: (step, control) => opened.destroy(step, control),
    proveGone: (step) => asset.proveGone(step),
    provision: (step) => asset.provision(step),
    ...(asset.clearing === undefined ? {} : { clearing: asset.clearing }),
    compare: (expected, step) => asset.compare(expected, step),
    assurances: async (step) => [...(await opened.assurances(step)), ...((await asset.assurances?.(step)) ?? [])],
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

class Sparing implements AsyncDisposable {
  readonly assurance: { readonly promise: 'untouched'; readonly what: string };
  readonly #asset: OpenAsset;
  readonly #bystander: OpenAsset;
  readonly #description: string;
  readonly #options: OpenOptions & Required<SparingParts>;
  readonly #resources: Scope;
  #vigil: Vigil | undefined;
  #before: { readonly content: Fingerprint; readonly identities: string } | undefined;

  constructor(
    asset: OpenAsset,
    bystander: OpenAsset,
    description: string,
    options: OpenOptions & Required<SparingParts>,
    resources: Scope,
  ) {
    this.assurance = { promise: 'untouched', what: description };
    this.#asset = asset;
    this.#bystander = bystander;
    this.#description = description;
    this.#options = options;
    this.#resources = resources;
  }

  async seed(step: Step): Promise<void> {
    step.progress(`seeding the bystander: ${this.#description}`);
    await this.#bystander.seed(step);
    const beside = await this.#stepBeside(step);
    this.#before = { content: await this.#bystander.fingerprint(beside), identities: await this.#identities(step) };
    // It has to be healthy before the disaster: what failed before proves nothing about the disaster.
    await this.#bystander.probe.read(step.signal);
    await this.#bystander.probe.write(step.signal);
  }

  async destroy(step: Step, control: DestroyControl): Promise<Destruction> {
    const { scratchDir } = await this.#stepBeside(step);
    const { speedControl } = this.#bystander;
    this.#vigil = new Vigil({
      ask: async (signal) => {
        await this.#bystander.probe.read(signal);
        await this.#bystander.probe.write(signal);
      },
      clock: this.#options.step.clock,
      intervalMs: VIGIL_INTERVAL_MS,
      attemptBudgetMs: VIGIL_BUDGET_MS,
      controls: [this.#options.controlOf(scratchDir), ...(speedControl === undefined ? [] : [speedControl])],
    });
    return await this.#asset.destroy(step, control);
  }

  async assurances(step: Step): Promise<readonly Assurance[]> {
    const [vigil, before] = [this.#vigil, this.#before];
    if (vigil === undefined || before === undefined) return [];
    const { attempts, failures, firstFailure, longestSilenceMs, record } = await vigil.stop();
    const comparison = await this.#bystander.compare(before.content, await this.#stepBeside(step));
    const identities = await this.#identities(step);
    const [difference] = comparison.firstDifferences;
    const observed = [
      {
        what: 'reads and writes by its users from the disaster to the end of the recovery',
        held: failures === 0 && attempts > 0,
        observed: `${failures} of ${attempts} failed, longest time between two that succeeded ${formatDuration(longestSilenceMs)}${firstFailure === undefined ? '' : `; first: ${firstFailure}`}`,
        ...(record === undefined ? {} : { attempts: record }),
      },
      {
        what: 'its content',
        held: isTheSame(comparison),
        observed:
          difference === undefined
            ? `${comparison.items.reduce((sum, { matched }) => sum + matched, 0)} items unchanged`
            : `${difference.item}, ${difference.field}: was ${difference.expected}, is ${difference.observed}`,
      },
      {
        what: 'its identities',
        held: identities === before.identities && identities !== NOTHING_THERE,
        observed:
          identities === before.identities ? `unchanged: ${identities}` : `was ${before.identities}, is ${identities}`,
      },
    ].toSorted((one, other) => Number(one.held) - Number(other.held));
    const failed = observed.filter(({ held }) => !held).length;
    return [{ ...this.assurance, checked: observed.length, failed, observed }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vigil?.stop();
    await this.#resources[Symbol.asyncDispose]();
  }

  /** One line for what it is known by; `nothing of it is there` when nothing is. */
  async #identities(step: Step): Promise<string> {
    const identities = await this.#bystander.identify(step);
    return identities.map(({ what, value }) => `${what} ${value}`).join(', ') || NOTHING_THERE;
  }

  /** A folder of its own: both may call their files the same. */
  async #stepBeside(step: Step): Promise<Step> {
    const scratchDir = join(step.scratchDir, 'bystander');
    await this.#options.makeFolder(scratchDir);
    return { ...step, scratchDir };
  }
}

function isTheSame({ items, firstDifferences }: Comparison): boolean {
  const matched = items.reduce((sum, counts) => sum + counts.matched, 0);
  return (
    matched > 0 &&
    firstDifferences.length === 0 &&
    items.every(({ missing, extra, differing }) => missing + extra + differing === 0)
  );
}
